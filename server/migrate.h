/* The database's tables, brought up to date step by step (PRAGMA user_version). */
#ifndef OT_SERVER_MIGRATE_H
#define OT_SERVER_MIGRATE_H

#include "db.h"

/* In one transaction: old or new, never between. OT_E_CONFIG: made by a newer version;
 * OT_E_CORRUPT: another program's database. */
enum ot_status ot_migrate(struct ot_db *db, struct ot_error *err);

#endif
