/* The tags of the lists that have changed are worked out where somebody needs them, once
 * for each change, and not by who makes the change. */
#ifndef OT_SERVER_HANDLE_LIST_TAGS_H
#define OT_SERVER_HANDLE_LIST_TAGS_H

#include "base/error.h"

struct ot_db;

/* In the caller's writing transaction. */
enum ot_status ot_list_tags_update(struct ot_db *db, struct ot_error *err);

/* Outside of a transaction: in one of its own, if there is anything to be done. */
enum ot_status ot_list_tags_update_if_due(struct ot_db *db, struct ot_error *err);

#endif
