/* What the files of this folder share: a connection's prepared statements, and its
 * tables, brought up to date step by step (PRAGMA user_version). */
#ifndef OT_SERVER_STORE_SQLITE_SQLITE_INTERNAL_H
#define OT_SERVER_STORE_SQLITE_SQLITE_INTERNAL_H

#include <pthread.h>
#include <sqlite3.h>

#include "base/error.h"

struct ot_db;

/* Every statement there is; their texts are sql.c. */
enum ot_sql {
    OT_SQL_BEGIN_READ,
    OT_SQL_BEGIN_WRITE,
    OT_SQL_COMMIT,
    OT_SQL_ROLLBACK,
    OT_SQL_REVISION,
    OT_SQL_REVISION_NEXT,
    OT_SQL_CERT_COUNT,
    OT_SQL_CERT_INSERT,
    OT_SQL_CONTENT_INSERT,
    OT_SQL_CERT_GET,
    OT_SQL_CERT_CONTENT,
    OT_SQL_CERT_IN_SCOPE,
    OT_SQL_CERT_RENAME,
    OT_SQL_CERT_DELETE,
    OT_SQL_CERT_CURSOR,
    OT_SQL_LIST_ASC,
    OT_SQL_LIST_DESC,
    OT_SQL_ACTIVATE,
    OT_SQL_DEACTIVATE,
    OT_SQL_ENDED_ANY,
    OT_SQL_ENDED,
    OT_SQL_SCOPES,
    OT_SQL_PROJECT_INSERT,
    OT_SQL_PROJECT_GET,
    OT_SQL_PROJECT_LIST,
    OT_SQL_AUDIT_INSERT,
    OT_SQL_AUDIT_RESOURCE,
    OT_SQL_AUDIT_PLACE,
    OT_SQL_AUDIT_LIST,
    OT_SQL_AUDIT_LIST_UP,
    OT_SQL_KEY_INSERT,
    OT_SQL_KEY_GET,
    OT_SQL_KEY_NAMED,
    OT_SQL_KEY_TOUCH,
    OT_SQL_KEY_LIST,
    OT_SQL_KEY_LIST_DESC,
    OT_SQL_KEY_DELETE,
    OT_SQL_COUNT
};
extern const char *const ot_db_sql[OT_SQL_COUNT];

/* writers is taken for the length of each writing transaction, so that threads of this
 * process queue up instead of polling SQLite's lock; it outlives the connection. */
enum ot_status ot_db_open(struct ot_db **out, const char *path, pthread_mutex_t *writers,
                          struct ot_error *err);
/* Puts the file into WAL mode, in which it stays. */
enum ot_status ot_db_use_log(struct ot_db *db, struct ot_error *err);
void ot_db_close(struct ot_db *db);
sqlite3 *ot_db_handle(struct ot_db *db);

/* Describes SQLite's last error: OT_E_BUSY, OT_E_NO_SPACE, OT_E_CORRUPT, OT_E_IO,
 * OT_E_NOMEM or OT_E_INTERNAL. what: "list certificates". */
enum ot_status ot_db_fail(struct ot_db *db, const char *what, struct ot_error *err);

/* The statement, ready to be bound; NULL: out of memory, err says so. To be given back
 * with sqlite3_reset as soon as it is not stepped further. */
sqlite3_stmt *ot_db_statement(struct ot_db *db, enum ot_sql sql, struct ot_error *err);
/* Steps a statement that gives no rows, and resets it. */
enum ot_status ot_db_run(struct ot_db *db, sqlite3_stmt *statement, const char *what,
                         struct ot_error *err);
/* The same of one that changes one row; OT_E_NOT_FOUND (no message): there was none. */
enum ot_status ot_db_run_on_row(struct ot_db *db, sqlite3_stmt *statement,
                                const char *what, struct ot_error *err);

/* Whether the file is ours or new, without a change to it. OT_E_CONFIG: made by a newer
 * version; OT_E_CORRUPT: another program's database. */
enum ot_status ot_migrate_check(struct ot_db *db, struct ot_error *err);

/* In one transaction: old or new, never between. Checks as above. */
enum ot_status ot_migrate(struct ot_db *db, struct ot_error *err);

#endif
