/* Which certificate is active in which scope. scope: "" is the organization, else a
 * project's id. */
#ifndef OT_SERVER_STORE_ACTIVE_H
#define OT_SERVER_STORE_ACTIVE_H

#include <stdbool.h>

#include "base/error.h"

struct ot_db;

/* *changed is left alone unless the certificate was not in that state. An id that does
 * not exist changes nothing: the caller has looked. */
enum ot_status ot_db_active_set(struct ot_db *db, const char *scope, const char *id,
                                bool active, bool *changed, struct ot_error *err);

/* Every scope in which it is active, the organization first. */
typedef void ot_scope_seen(void *arg, const char *scope);
enum ot_status ot_db_active_scopes(struct ot_db *db, const char *id, ot_scope_seen *seen,
                                   void *arg, struct ot_error *err);

#endif
