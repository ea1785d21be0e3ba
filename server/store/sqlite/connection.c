#include "store/sqlite/sqlite.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "shared/limits.h"
#include "shared/private_file.h"
#include "store/sqlite/sqlite_internal.h"
#include "store/sqlite/writers_internal.h"

struct ot_database {
    char *path;
    /* Taken for the length of each writing transaction, so that threads of this process
     * queue up instead of polling SQLite's lock. */
    struct ot_writers writers;
    bool is_up_to_date;
};

struct sqlite_db {
    struct ot_db common;
    sqlite3 *handle;
    sqlite3_stmt *statement[OT_SQL_COUNT];
    sqlite3_stmt *begin_read, *begin_write, *commit, *rollback;
    struct ot_writers *writers;
    bool writing; /* holds writers */
};

static struct sqlite_db *sqlite_of(struct ot_db *db)
{
    return (struct sqlite_db *)db; /* common is its first member */
}

static enum ot_status configure_connection(sqlite3 *handle, struct ot_error *err)
{
    /* synchronous: in WAL mode FULL syncs the log at each commit, before it is confirmed.
     * foreign_keys guards what the code checks first anyway: no activation without its
     * certificate. journal_size_limit gives a log that a burst has grown back. */
    static const char pragmas[] = "PRAGMA synchronous = FULL;"
                                  "PRAGMA foreign_keys = ON;"
                                  "PRAGMA trusted_schema = OFF;"
                                  "PRAGMA journal_size_limit = 67108864;";

    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, OT_DB_BUSY_MS);
    if (sqlite3_exec(handle, pragmas, NULL, NULL, NULL) != SQLITE_OK)
        return ot_sqlite_fail(handle, "open it", err);
    return OT_OK;
}

static enum ot_status open_file(struct sqlite_db *db, const char *path,
                                struct ot_error *err)
{
    /* One thread at a time uses a connection (db.h): SQLite needs no mutex of its own.
     * The file exists by now, with the right mode. */
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;

    if (sqlite3_open_v2(path, &db->handle, flags, NULL) == SQLITE_OK)
        return configure_connection(db->handle, err);
    return db->handle == NULL ? ot_error_nomem(err)
                              : ot_sqlite_fail(db->handle, "open it", err);
}

static enum ot_status prepare_statement(struct sqlite_db *db, sqlite3_stmt **statement,
                                        const char *sql, struct ot_error *err)
{
    if (*statement == NULL &&
        sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, statement,
                           NULL) != SQLITE_OK)
        return ot_sqlite_fail(db->handle, "prepare a statement", err);
    return OT_OK;
}

static enum ot_status run_fixed(struct sqlite_db *db, sqlite3_stmt **statement,
                                const char *sql, const char *what, struct ot_error *err)
{
    enum ot_status status = prepare_statement(db, statement, sql, err);

    if (status != OT_OK)
        return status;
    if (sqlite3_step(*statement) != SQLITE_DONE)
        status = ot_sqlite_fail(db->handle, what, err);
    sqlite3_reset(*statement);
    return status;
}

static void stop_writing(struct sqlite_db *db)
{
    if (!db->writing)
        return;
    db->writing = false;
    ot_writers_give(db->writers);
}

/* Where it is this one's turn. */
static enum ot_status begin_writing(struct sqlite_db *db, int64_t wait_ms,
                                    struct ot_error *err)
{
    enum ot_status status;

    db->writing = true;
    sqlite3_busy_timeout(db->handle, (int)wait_ms);
    /* The write lock from the start: a transaction that reads first and writes then could
     * otherwise fail with SQLITE_BUSY in the middle. */
    status =
        run_fixed(db, &db->begin_write, "BEGIN IMMEDIATE", "begin a transaction", err);
    sqlite3_busy_timeout(db->handle, OT_DB_BUSY_MS);
    if (status != OT_OK)
        stop_writing(db);
    return status;
}

/* Those of this process and those of others are waited for together no longer than one of
 * them alone: who stands in the queue behind some who wait in vain would keep a worker
 * from its readers for as long as all of these. */
static enum ot_status queue_up(struct sqlite_db *db, struct ot_error *err)
{
    const int64_t until_ms = ot_clock_ms() + OT_DB_BUSY_MS;
    int64_t left_ms;

    if (!ot_writers_take(db->writers, until_ms))
        return ot_error_set(err, OT_E_BUSY,
                            "cannot begin a transaction: database %s: other writers hold "
                            "it up: try again",
                            sqlite3_db_filename(db->handle, "main"));
    left_ms = until_ms - ot_clock_ms();
    return begin_writing(db, left_ms > 0 ? left_ms : 0, err);
}

static enum ot_status sqlite_begin(struct ot_db *common, enum ot_transaction kind,
                                   struct ot_error *err)
{
    struct sqlite_db *db = sqlite_of(common);

    if (kind == OT_READING)
        return run_fixed(db, &db->begin_read, "BEGIN", "begin a transaction", err);
    if (kind == OT_WRITING)
        return queue_up(db, err);
    return ot_writers_take(db->writers, 0) ? begin_writing(db, 0, err) : OT_E_BUSY;
}

static void sqlite_rollback(struct ot_db *common)
{
    struct sqlite_db *db = sqlite_of(common);
    struct ot_error ignored = OT_ERROR_INIT;

    /* SQLite itself has rolled back after some errors (disk full, out of memory). */
    if (sqlite3_get_autocommit(db->handle) == 0)
        run_fixed(db, &db->rollback, "ROLLBACK", "roll back", &ignored);
    stop_writing(db);
}

static enum ot_status sqlite_commit(struct ot_db *common, struct ot_error *err)
{
    struct sqlite_db *db = sqlite_of(common);
    enum ot_status status = run_fixed(db, &db->commit, "COMMIT", "commit", err);

    if (status != OT_OK)
        sqlite_rollback(common);
    stop_writing(db);
    return status;
}

/* SQLite counts by where a name stands for the first time. */
static int parameter_index(sqlite3_stmt *statement, size_t value)
{
    static const char *const names[OT_VALUES_MAX] = {"$1", "$2", "$3", "$4", "$5",
                                                     "$6", "$7", "$8", "$9", "$10"};

    return sqlite3_bind_parameter_index(statement, names[value]);
}

static void bind_value(sqlite3_stmt *statement, int at, const struct ot_value *value)
{
    switch (value->kind) {
    case OT_VALUE_NULL: /* what an earlier call has bound stays otherwise */
        sqlite3_bind_null(statement, at);
        break;
    case OT_VALUE_INT:
        sqlite3_bind_int64(statement, at, value->number);
        break;
    case OT_VALUE_TEXT:
        sqlite3_bind_text(statement, at, value->data, -1, SQLITE_STATIC);
        break;
    case OT_VALUE_BYTES:
        sqlite3_bind_blob(statement, at, value->data, (int)value->len, SQLITE_STATIC);
        break;
    }
}

static enum ot_status step_through(struct sqlite_db *db, sqlite3_stmt *statement,
                                   const struct ot_query *query, int64_t *rows,
                                   struct ot_error *err)
{
    const struct ot_row row = {.db = &db->common, .result = statement};
    int64_t count = 0;
    int result;

    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
        count++;
        query->seen(query->arg, &row);
    }
    if (result != SQLITE_DONE)
        return ot_sqlite_fail(db->handle, query->what, err);
    if (rows != NULL)
        *rows = query->seen != NULL ? count : sqlite3_changes(db->handle);
    return OT_OK;
}

static enum ot_status sqlite_run(struct ot_db *common, const struct ot_query *query,
                                 int64_t *rows, struct ot_error *err)
{
    struct sqlite_db *db = sqlite_of(common);
    sqlite3_stmt **statement = &db->statement[query->sql];
    const char *own = ot_sqlite_sql[query->sql];
    enum ot_status status = prepare_statement(
        db, statement, own != NULL ? own : ot_sql_texts[query->sql], err);

    if (status != OT_OK)
        return status;
    for (size_t i = 0; i < query->count; i++)
        bind_value(*statement, parameter_index(*statement, i), &query->values[i]);
    status = step_through(db, *statement, query, rows, err);
    sqlite3_reset(*statement);
    return status;
}

static int64_t sqlite_row_int(const struct ot_row *row, int column)
{
    return sqlite3_column_int64(row->result, column);
}

static const char *sqlite_row_text(const struct ot_row *row, int column)
{
    return (const char *)sqlite3_column_text(row->result, column);
}

static const unsigned char *sqlite_row_bytes(const struct ot_row *row, int column,
                                             size_t len)
{
    if (sqlite3_column_bytes(row->result, column) != (int)len)
        return NULL;
    return sqlite3_column_blob(row->result, column);
}

static void sqlite_disconnect(struct ot_db *common)
{
    struct sqlite_db *db = sqlite_of(common);

    if (db == NULL)
        return;
    for (size_t i = 0; i < OT_SQL_COUNT; i++)
        sqlite3_finalize(db->statement[i]);
    sqlite3_finalize(db->begin_read);
    sqlite3_finalize(db->begin_write);
    sqlite3_finalize(db->commit);
    sqlite3_finalize(db->rollback);
    /* With its last connection, SQLite writes the log back and removes it. */
    sqlite3_close(db->handle);
    free(db);
}

/* Nothing is written before the file is known to be ours; then it is put into WAL mode,
 * in which it stays, and its tables are old or new, never between. */
static enum ot_status prepare_tables(struct sqlite_db *db, struct ot_error *err)
{
    enum ot_status status = ot_sqlite_check(db->handle, err);

    if (status == OT_OK && sqlite3_exec(db->handle, "PRAGMA journal_mode = WAL", NULL,
                                        NULL, NULL) != SQLITE_OK)
        status = ot_sqlite_fail(db->handle, "write its log", err);
    /* The write lock first: two processes that start at once do not both create. */
    if (status == OT_OK)
        status = sqlite_begin(&db->common, OT_WRITING, err);
    if (status == OT_OK)
        status = ot_sqlite_migrate(db->handle, err);
    if (status == OT_OK)
        status = sqlite_commit(&db->common, err);
    sqlite_rollback(&db->common);
    return status;
}

static enum ot_status sqlite_connect(struct ot_db **out, struct ot_database *database,
                                     struct ot_error *err)
{
    struct sqlite_db *db = calloc(1, sizeof(*db));
    enum ot_status status;

    *out = NULL;
    if (db == NULL)
        return ot_error_nomem(err);
    db->common.driver = &ot_sqlite_driver;
    db->writers = &database->writers;
    status = open_file(db, database->path, err);
    if (status == OT_OK && !database->is_up_to_date)
        status = prepare_tables(db, err);
    if (status != OT_OK) {
        sqlite_disconnect(&db->common);
        return status;
    }
    database->is_up_to_date = true;
    *out = &db->common;
    return OT_OK;
}

static void sqlite_close(struct ot_database *database)
{
    if (database == NULL)
        return;
    ot_writers_destroy(&database->writers);
    free(database->path);
    free(database);
}

static enum ot_status sqlite_open(struct ot_database **out, const char *where,
                                  struct ot_error *err)
{
    char *path = NULL;
    enum ot_status status = ot_private_database(&path, where, err);

    *out = NULL;
    if (status != OT_OK)
        return status;
    *out = calloc(1, sizeof(**out));
    if (*out == NULL) {
        free(path);
        return ot_error_nomem(err);
    }
    (*out)->path = path;
    ot_writers_init(&(*out)->writers);
    return OT_OK;
}

const struct ot_driver ot_sqlite_driver = {
    .open = sqlite_open,
    .close = sqlite_close,
    .connect = sqlite_connect,
    .disconnect = sqlite_disconnect,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .run = sqlite_run,
    .row_int = sqlite_row_int,
    .row_text = sqlite_row_text,
    .row_bytes = sqlite_row_bytes,
};
