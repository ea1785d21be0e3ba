/* The sources that a command is about, and one source's snapshot for a command that only
 * looks: exactly what the plugins would use now, so that what they refuse (expired,
 * damaged, unsafe) is not shown as if it held. */
#ifndef OT_CLI_COMMANDS_SOURCE_USE_H
#define OT_CLI_COMMANDS_SOURCE_USE_H

#include "base/span.h"
#include "cache/cache.h"
#include "config/config.h"
#include "view/options.h"

/* The sources that a command is about: the one that --source names, else all. At least
 * one after OT_OK. They live as long as the configuration; the caller frees *sources. */
enum ot_status ot_command_sources(const struct ot_options *options,
                                  const struct ot_config *config,
                                  const struct ot_source ***sources, size_t *count,
                                  struct ot_error *err);

struct ot_snapshot_use {
    struct ot_config *config;
    const struct ot_source *source;
    struct ot_cache *cache;
    struct ot_snapshot *snapshot;
    struct ot_distrust *distrust; /* what other sources say no to; NULL: nothing */
};

/* name NULL: the source `default`. Starts no sync. ot_snapshot_use_end after success and
 * failure. */
enum ot_status ot_snapshot_use_begin(struct ot_snapshot_use *use, const char *name,
                                     struct ot_error *err);
void ot_snapshot_use_end(struct ot_snapshot_use *use);

/* A span's text as a string that the caller frees, "" when it is absent; NULL: out of
 * memory. */
char *ot_snapshot_text(struct ot_span span);

#endif
