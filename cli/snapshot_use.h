/* One source's snapshot for a command that only looks: exactly what the plugins would use
 * now, so that what they refuse (expired, damaged, unsafe) is not shown as if it held. */
#ifndef OT_CLI_SNAPSHOT_USE_H
#define OT_CLI_SNAPSHOT_USE_H

#include "cache/cache.h"

struct ot_snapshot_use {
    struct ot_config *config;
    const struct ot_source *source;
    struct ot_cache *cache;
    struct ot_snapshot *snapshot;
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
