/* The list of a scope as those who follow it know it: by the tag of what is active there.
 * The database notes that a list has changed; its tag is worked out later, by whoever
 * needs it, and put down with ot_db_list_tag. scope: "" is the organization, else a
 * project's id. */
#ifndef OT_SERVER_STORE_LIST_H
#define OT_SERVER_STORE_LIST_H

#include "base/error.h"

struct ot_db;

/* Scopes whose list has changed since its tag was worked out, at most `limit`. The string
 * lives until the callback returns. */
typedef void ot_list_seen(void *arg, const char *scope);
enum ot_status ot_db_list_untagged(struct ot_db *db, int limit, ot_list_seen *seen,
                                   void *arg, struct ot_error *err);

/* The ids of what is active in the scope, ordered by their bytes. */
typedef void ot_active_id_seen(void *arg, const char *id);
enum ot_status ot_db_list_active(struct ot_db *db, const char *scope,
                                 ot_active_id_seen *seen, void *arg,
                                 struct ot_error *err);

/* The tag of the list as it is. Hosts that have the same one are behind no more: what
 * they lacked was taken back. */
enum ot_status ot_db_list_tag(struct ot_db *db, const char *scope, const char *tag,
                              struct ot_error *err);

#endif
