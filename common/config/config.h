/* The configuration: which sources there are and how each is fetched and used.
 *
 * INI files: /etc/orgtrust/orgtrust.conf, then the user's
 * $XDG_CONFIG_HOME/orgtrust/orgtrust.conf (each may be absent; the second overrides key
 * by key), or only the file named by ORGTRUST_CONF (must exist). Keys before the first
 * section hold for every source; `[source NAME]` makes one and overrides. A setuid
 * process ignores the environment and the user's file. An unknown key or section, a
 * repeated key, a bad value, an unreadable or unsafe file is OT_E_CONFIG with file and
 * line.
 *
 * The source `default` exists when a `[source default]` says so, or when a global
 * admin_key_file or base_url is given, or when OPENAI_ADMIN_KEY is set.
 *
 * Immutable after loading; safe to share between threads. */
#ifndef OT_CONFIG_CONFIG_H
#define OT_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct ot_source;

struct ot_config;
struct ot_config_draft;

enum ot_status ot_config_load(struct ot_config **out, struct ot_error *err);
/* The same, as if a file held what draft says (config_draft.h). */
enum ot_status ot_config_load_draft(struct ot_config **out,
                                    const struct ot_config_draft *draft,
                                    struct ot_error *err);
void ot_config_free(struct ot_config *config);

/* Whether text may be a base_url, for who has it from somewhere else than a file.
 * OT_E_CONFIG: the sentence says what it must be, and never what it is. */
enum ot_status ot_config_check_base_url(const char *text, struct ot_error *err);

/* A sentence for who keeps the files: what stands in them and does nothing any more.
 * NULL: none. */
const char *ot_config_advice(const struct ot_config *config);

/* In the order of the files, `default` first where it exists. */
size_t ot_config_count(const struct ot_config *config);
const struct ot_source *ot_config_at(const struct ot_config *config, size_t i);

/* By name, NULL or "" for `default`; what is unknown is OT_E_CONFIG and says which
 * sources there are, or how to make the first. The source lives as long as the
 * configuration. */
enum ot_status ot_config_find(const struct ot_config *config, const char *name,
                              const struct ot_source **out, struct ot_error *err);

/* Whether both say the same, in the same places. */
bool ot_config_equal(const struct ot_config *a, const struct ot_config *b);

/* Reads the files anew, for a process that is about to change something by what it has
 * read before. OT_OK: they still say this. OT_E_BUSY: they were changed meanwhile; else
 * why they cannot be used any more. */
enum ot_status ot_config_check(const struct ot_config *config, struct ot_error *err);
/* The same of a source, as far as its sync is concerned. */
enum ot_status ot_config_check_source(const struct ot_source *source,
                                      struct ot_error *err);

#endif
