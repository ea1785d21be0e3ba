#include "store/sqlite/sqlite_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "shared/limits.h"
#include "store/db.h"

struct ot_db {
    sqlite3 *handle;
    sqlite3_stmt *statement[OT_SQL_COUNT];
    pthread_mutex_t *writers;
    bool writing; /* holds writers */
};

static enum ot_status status_of(int result)
{
    switch (result & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return OT_E_BUSY;
    case SQLITE_FULL:
        return OT_E_NO_SPACE;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return OT_E_CORRUPT;
    case SQLITE_NOMEM:
        return OT_E_NOMEM;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return OT_E_IO;
    default:
        return OT_E_INTERNAL;
    }
}

static const char *advice_for(enum ot_status status)
{
    switch (status) {
    case OT_E_BUSY:
        return "; another process keeps it locked: end that one or try again";
    case OT_E_NO_SPACE:
        return "; make room on its disk";
    case OT_E_CORRUPT:
        return "; restore it from a copy, or name another file with --db";
    case OT_E_IO:
        return "; this user must be able to write the file and its directory";
    default:
        return "";
    }
}

enum ot_status ot_db_fail(struct ot_db *db, const char *what, struct ot_error *err)
{
    enum ot_status status = status_of(sqlite3_extended_errcode(db->handle));
    const char *path = sqlite3_db_filename(db->handle, "main");

    if ((sqlite3_extended_errcode(db->handle) & 0xff) == SQLITE_NOTADB)
        return ot_error_set(err, status,
                            "%s is not an orgtrust database, nor one of SQLite's at all; "
                            "name another file with --db, or restore it from a copy",
                            path != NULL ? path : "the file");
    return ot_error_set(err, status, "cannot %s: database %s: %s%s", what,
                        path != NULL ? path : "", sqlite3_errmsg(db->handle),
                        advice_for(status));
}

static enum ot_status configure_connection(struct ot_db *db, struct ot_error *err)
{
    /* synchronous: in WAL mode FULL syncs the log at each commit, before it is confirmed.
     * foreign_keys guards what the code checks first anyway: no activation without its
     * certificate. journal_size_limit gives a log that a burst has grown back. */
    static const char pragmas[] = "PRAGMA synchronous = FULL;"
                                  "PRAGMA foreign_keys = ON;"
                                  "PRAGMA trusted_schema = OFF;"
                                  "PRAGMA journal_size_limit = 67108864;";

    sqlite3_extended_result_codes(db->handle, 1);
    sqlite3_busy_timeout(db->handle, OT_DB_BUSY_MS);
    if (sqlite3_exec(db->handle, pragmas, NULL, NULL, NULL) != SQLITE_OK)
        return ot_db_fail(db, "open it", err);
    return OT_OK;
}

enum ot_status ot_db_open(struct ot_db **out, const char *path, pthread_mutex_t *writers,
                          struct ot_error *err)
{
    /* One thread at a time uses a connection (store.h): SQLite needs no mutex of its own.
     * The file exists by now, with the right mode. */
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    struct ot_db *db = calloc(1, sizeof(*db));
    enum ot_status status;

    *out = NULL;
    if (db == NULL)
        return ot_error_nomem(err);
    db->writers = writers;
    if (sqlite3_open_v2(path, &db->handle, flags, NULL) != SQLITE_OK)
        status =
            db->handle == NULL ? ot_error_nomem(err) : ot_db_fail(db, "open it", err);
    else
        status = configure_connection(db, err);
    if (status != OT_OK) {
        ot_db_close(db);
        return status;
    }
    *out = db;
    return OT_OK;
}

enum ot_status ot_db_use_log(struct ot_db *db, struct ot_error *err)
{
    if (sqlite3_exec(db->handle, "PRAGMA journal_mode = WAL", NULL, NULL, NULL) !=
        SQLITE_OK)
        return ot_db_fail(db, "write its log", err);
    return OT_OK;
}

void ot_db_close(struct ot_db *db)
{
    if (db == NULL)
        return;
    for (size_t i = 0; i < OT_SQL_COUNT; i++)
        sqlite3_finalize(db->statement[i]);
    sqlite3_close(db->handle);
    free(db);
}

sqlite3 *ot_db_handle(struct ot_db *db)
{
    return db->handle;
}

sqlite3_stmt *ot_db_statement(struct ot_db *db, enum ot_sql sql, struct ot_error *err)
{
    if (db->statement[sql] == NULL &&
        sqlite3_prepare_v3(db->handle, ot_db_sql[sql], -1, SQLITE_PREPARE_PERSISTENT,
                           &db->statement[sql], NULL) != SQLITE_OK) {
        ot_db_fail(db, "prepare a statement", err);
        return NULL;
    }
    return db->statement[sql];
}

enum ot_status ot_db_run(struct ot_db *db, sqlite3_stmt *statement, const char *what,
                         struct ot_error *err)
{
    int result = sqlite3_step(statement);
    enum ot_status status = result == SQLITE_DONE ? OT_OK : ot_db_fail(db, what, err);

    sqlite3_reset(statement);
    return status;
}

enum ot_status ot_db_run_on_row(struct ot_db *db, sqlite3_stmt *statement,
                                const char *what, struct ot_error *err)
{
    enum ot_status status = ot_db_run(db, statement, what, err);

    if (status == OT_OK && sqlite3_changes(db->handle) == 0)
        return OT_E_NOT_FOUND;
    return status;
}

static enum ot_status run_fixed(struct ot_db *db, enum ot_sql sql, const char *what,
                                struct ot_error *err)
{
    sqlite3_stmt *statement = ot_db_statement(db, sql, err);

    return statement != NULL ? ot_db_run(db, statement, what, err) : err->status;
}

static void stop_writing(struct ot_db *db)
{
    if (!db->writing)
        return;
    db->writing = false;
    pthread_mutex_unlock(db->writers);
}

static enum ot_status begin_writing(struct ot_db *db, struct ot_error *err)
{
    enum ot_status status;

    db->writing = true;
    status = run_fixed(db, OT_SQL_BEGIN_WRITE, "begin a transaction", err);
    if (status != OT_OK)
        stop_writing(db);
    return status;
}

enum ot_status ot_db_begin(struct ot_db *db, enum ot_transaction kind,
                           struct ot_error *err)
{
    enum ot_status status;

    if (kind == OT_READING)
        return run_fixed(db, OT_SQL_BEGIN_READ, "begin a transaction", err);
    if (kind == OT_WRITING) {
        pthread_mutex_lock(db->writers);
        return begin_writing(db, err);
    }
    if (pthread_mutex_trylock(db->writers) != 0)
        return OT_E_BUSY;
    sqlite3_busy_timeout(db->handle, 0);
    status = begin_writing(db, err);
    sqlite3_busy_timeout(db->handle, OT_DB_BUSY_MS);
    return status;
}

enum ot_status ot_db_commit(struct ot_db *db, struct ot_error *err)
{
    enum ot_status status = run_fixed(db, OT_SQL_COMMIT, "commit", err);

    if (status != OT_OK)
        ot_db_rollback(db);
    stop_writing(db);
    return status;
}

void ot_db_rollback(struct ot_db *db)
{
    struct ot_error ignored = OT_ERROR_INIT;

    /* SQLite itself has rolled back after some errors (disk full, out of memory). */
    if (sqlite3_get_autocommit(db->handle) == 0)
        run_fixed(db, OT_SQL_ROLLBACK, "roll back", &ignored);
    stop_writing(db);
}

enum ot_status ot_db_revision(struct ot_db *db, unsigned char out[OT_REVISION_LEN],
                              struct ot_error *err)
{
    sqlite3_stmt *statement = ot_db_statement(db, OT_SQL_REVISION, err);
    enum ot_status status = OT_OK;

    if (statement == NULL)
        return err->status;
    if (sqlite3_step(statement) != SQLITE_ROW)
        status = ot_db_fail(db, "read its revision", err);
    else if (sqlite3_column_bytes(statement, 0) != OT_REVISION_LEN)
        status = ot_error_set(err, OT_E_CORRUPT,
                              "the database's revision is damaged; "
                              "restore the file from a copy");
    else
        memcpy(out, sqlite3_column_blob(statement, 0), OT_REVISION_LEN);
    sqlite3_reset(statement);
    return status;
}

enum ot_status ot_db_revision_next(struct ot_db *db, struct ot_error *err)
{
    return run_fixed(db, OT_SQL_REVISION_NEXT, "change its revision", err);
}
