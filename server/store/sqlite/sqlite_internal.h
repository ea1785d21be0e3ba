/* What the files of this folder share: the texts of the statements, and the tables,
 * brought up to date step by step (PRAGMA user_version). */
#ifndef OT_SERVER_STORE_SQLITE_SQLITE_INTERNAL_H
#define OT_SERVER_STORE_SQLITE_SQLITE_INTERNAL_H

#include <sqlite3.h>

#include "base/error.h"
#include "store/sql.h"

/* What SQLite says in its own way; NULL: as sql.h has it. */
extern const char *const ot_sqlite_sql[OT_SQL_COUNT];

/* Describes SQLite's last error: OT_E_BUSY, OT_E_NO_SPACE, OT_E_CORRUPT, OT_E_IO,
 * OT_E_NOMEM or OT_E_INTERNAL. what: "list certificates". */
enum ot_status ot_sqlite_fail(sqlite3 *handle, const char *what, struct ot_error *err);

/* Whether the file is ours or new, without a change to it. OT_E_CONFIG: made by a newer
 * version; OT_E_CORRUPT: another program's database. */
enum ot_status ot_sqlite_check(sqlite3 *handle, struct ot_error *err);

/* Inside a writing transaction. Checks as above. */
enum ot_status ot_sqlite_migrate(sqlite3 *handle, struct ot_error *err);

#endif
