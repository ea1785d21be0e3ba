/* The database's tables, brought up to date step by step (PRAGMA user_version). */
#ifndef OT_SERVER_MIGRATE_H
#define OT_SERVER_MIGRATE_H

#include "db.h"

/* Whether the file is ours or new, without a change to it. OT_E_CONFIG: made by a newer
 * version; OT_E_CORRUPT: another program's database. */
enum ot_status ot_migrate_check(struct ot_db *db, struct ot_error *err);

/* In one transaction: old or new, never between. Checks as above. */
enum ot_status ot_migrate(struct ot_db *db, struct ot_error *err);

#endif
