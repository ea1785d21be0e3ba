#include "store/key.h"

#include "base/error.h"
#include "store/sqlite/sqlite_internal.h"

enum ot_status ot_db_key_insert(struct ot_db *db, const struct ot_key_row *row,
                                struct ot_error *err)
{
    sqlite3_stmt *statement = ot_db_statement(db, OT_SQL_KEY_INSERT, err);
    enum ot_status status;

    if (statement == NULL)
        return err->status;
    sqlite3_bind_text(statement, 1, row->id, -1, SQLITE_STATIC);
    sqlite3_bind_blob(statement, 2, row->hash, OT_KEY_HASH_LEN, SQLITE_STATIC);
    sqlite3_bind_text(statement, 3, row->role, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 4, row->name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 5, row->created_at);
    if (row->expires_at != 0)
        sqlite3_bind_int64(statement, 6, row->expires_at);
    else
        sqlite3_bind_null(statement, 6);
    status = ot_db_run(db, statement, "store a key", err);
    if (status != OT_OK &&
        sqlite3_extended_errcode(ot_db_handle(db)) == SQLITE_CONSTRAINT_UNIQUE)
        return ot_error_set(err, OT_E_REFUSED,
                            "there is a key named '%s' already: revoke it first, or "
                            "choose another name",
                            row->name);
    return status;
}

/* Columns 0 to 7 of every statement that selects keys. */
static void see_key(sqlite3_stmt *statement, ot_key_seen *seen, void *arg)
{
    const struct ot_key_row row = {
        .seq = sqlite3_column_int64(statement, 0),
        .id = (const char *)sqlite3_column_text(statement, 1),
        .name = (const char *)sqlite3_column_text(statement, 2),
        .role = (const char *)sqlite3_column_text(statement, 3),
        .created_at = sqlite3_column_int64(statement, 4),
        .last_used_at = sqlite3_column_int64(statement, 5),
        .expires_at = sqlite3_column_int64(statement, 6),
        .hash = sqlite3_column_bytes(statement, 7) == OT_KEY_HASH_LEN
                    ? sqlite3_column_blob(statement, 7)
                    : NULL,
    };

    seen(arg, &row);
}

static enum ot_status see_one_key(struct ot_db *db, enum ot_sql sql, const char *which,
                                  ot_key_seen *seen, void *arg, struct ot_error *err)
{
    sqlite3_stmt *statement = ot_db_statement(db, sql, err);
    enum ot_status status = OT_OK;
    int result;

    if (statement == NULL)
        return err->status;
    sqlite3_bind_text(statement, 1, which, -1, SQLITE_STATIC);
    result = sqlite3_step(statement);
    if (result == SQLITE_ROW)
        see_key(statement, seen, arg);
    else
        status =
            result == SQLITE_DONE ? OT_E_NOT_FOUND : ot_db_fail(db, "look up a key", err);
    sqlite3_reset(statement);
    return status;
}

enum ot_status ot_db_key_get(struct ot_db *db, const char *id, ot_key_seen *seen,
                             void *arg, struct ot_error *err)
{
    return see_one_key(db, OT_SQL_KEY_GET, id, seen, arg, err);
}

enum ot_status ot_db_key_named(struct ot_db *db, const char *id_or_name,
                               ot_key_seen *seen, void *arg, struct ot_error *err)
{
    return see_one_key(db, OT_SQL_KEY_NAMED, id_or_name, seen, arg, err);
}

enum ot_status ot_db_key_list(struct ot_db *db, const struct ot_key_range *range,
                              ot_key_seen *seen, void *arg, struct ot_error *err)
{
    sqlite3_stmt *statement = ot_db_statement(
        db, range->descending ? OT_SQL_KEY_LIST_DESC : OT_SQL_KEY_LIST, err);
    int64_t after = range->descending && range->after == 0 ? INT64_MAX : range->after;
    enum ot_status status = OT_OK;
    int result;

    if (statement == NULL)
        return err->status;
    sqlite3_bind_int64(statement, 1, after);
    sqlite3_bind_int64(statement, 2, range->limit);
    while ((result = sqlite3_step(statement)) == SQLITE_ROW)
        see_key(statement, seen, arg);
    if (result != SQLITE_DONE)
        status = ot_db_fail(db, "list keys", err);
    sqlite3_reset(statement);
    return status;
}

enum ot_status ot_db_key_touch(struct ot_db *db, int64_t seq, int64_t now,
                               struct ot_error *err)
{
    sqlite3_stmt *statement = ot_db_statement(db, OT_SQL_KEY_TOUCH, err);

    if (statement == NULL)
        return err->status;
    sqlite3_bind_int64(statement, 1, seq);
    sqlite3_bind_int64(statement, 2, now);
    return ot_db_run(db, statement, "note that a key was used", err);
}

enum ot_status ot_db_key_delete(struct ot_db *db, const char *id, struct ot_error *err)
{
    sqlite3_stmt *statement = ot_db_statement(db, OT_SQL_KEY_DELETE, err);

    if (statement == NULL)
        return err->status;
    sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
    return ot_db_run_on_row(db, statement, "revoke a key", err);
}
