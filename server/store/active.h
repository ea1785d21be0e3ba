/* Which certificate is active in which scope. scope: "" is the organization, else a
 * project's id. */
#ifndef OT_SERVER_STORE_ACTIVE_H
#define OT_SERVER_STORE_ACTIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct ot_db;

/* When an activation is to end, in Unix seconds, and the key that said so. */
struct ot_active_end {
    int64_t at;
    const char *by;
};

/* end NULL: none, which takes back the one there was. *changed is left alone unless the
 * certificate was not in that state, or had another end. An id that does not exist
 * changes nothing: the caller has looked. */
enum ot_status ot_db_activate(struct ot_db *db, const char *scope, const char *id,
                              const struct ot_active_end *end, bool *changed,
                              struct ot_error *err);
/* The same; the end is forgotten with the activation. */
enum ot_status ot_db_deactivate(struct ot_db *db, const char *scope, const char *id,
                                bool *changed, struct ot_error *err);

/* Whether an activation has come to its end. */
enum ot_status ot_db_active_due(struct ot_db *db, int64_t now, bool *due,
                                struct ot_error *err);
/* Those that have, at most `limit`, ordered so that those of one end, one scope and one
 * key follow each other. The strings live until the callback returns; name may be NULL.
 */
typedef void ot_ended_seen(void *arg, const char *scope, const struct ot_active_end *end,
                           const char *id, const char *name);
enum ot_status ot_db_active_ended(struct ot_db *db, int64_t now, int limit,
                                  ot_ended_seen *seen, void *arg, struct ot_error *err);

/* Every scope in which it is active, the organization first. ends_at: of that activation,
 * Unix seconds; 0: it has no end. */
typedef void ot_scope_seen(void *arg, const char *scope, int64_t ends_at);
enum ot_status ot_db_active_scopes(struct ot_db *db, const char *id, ot_scope_seen *seen,
                                   void *arg, struct ot_error *err);

#endif
