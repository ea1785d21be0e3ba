#include "store/cert.h"

#include "store/sqlite/sqlite_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "shared/random_text.h"

/* 128 random bits do not collide; a generator that repeats itself is noticed here. */
#define ID_TRIES 3

static void bind_text(sqlite3_stmt *statement, int at, const char *text)
{
    /* The caller's text outlives the step; NULL binds NULL. */
    sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);
}

/* Columns 0 to 5 of every statement that selects certificates. */
static void see_cert_row(sqlite3_stmt *statement, ot_cert_seen *seen, void *arg)
{
    const struct ot_cert_row row = {
        .id = (const char *)sqlite3_column_text(statement, 0),
        .name = (const char *)sqlite3_column_text(statement, 1),
        .created_at = sqlite3_column_int64(statement, 2),
        .valid_at = sqlite3_column_int64(statement, 3),
        .expires_at = sqlite3_column_int64(statement, 4),
        .active = sqlite3_column_int(statement, 5) != 0,
    };

    seen(arg, &row);
}

static enum ot_status see_one(struct ot_db *db, sqlite3_stmt *statement,
                              ot_cert_seen *seen, void *arg, struct ot_error *err)
{
    int result = sqlite3_step(statement);
    enum ot_status status = OT_OK;

    if (result == SQLITE_ROW)
        see_cert_row(statement, seen, arg);
    else
        status = result == SQLITE_DONE ? OT_E_NOT_FOUND
                                       : ot_db_fail(db, "read a certificate", err);
    sqlite3_reset(statement);
    return status;
}

enum ot_status ot_db_cert_count(struct ot_db *db, int64_t *out, struct ot_error *err)
{
    sqlite3_stmt *statement = ot_db_statement(db, OT_SQL_CERT_COUNT, err);
    enum ot_status status = OT_OK;

    if (statement == NULL)
        return err->status;
    if (sqlite3_step(statement) == SQLITE_ROW)
        *out = sqlite3_column_int64(statement, 0);
    else
        status = ot_db_fail(db, "count certificates", err);
    sqlite3_reset(statement);
    return status;
}

static enum ot_status insert_content(struct ot_db *db, const char *pem,
                                     struct ot_error *err)
{
    sqlite3_stmt *statement = ot_db_statement(db, OT_SQL_CONTENT_INSERT, err);

    if (statement == NULL)
        return err->status;
    sqlite3_bind_int64(statement, 1, sqlite3_last_insert_rowid(ot_db_handle(db)));
    bind_text(statement, 2, pem);
    return ot_db_run(db, statement, "store a certificate", err);
}

enum ot_status ot_db_cert_insert(struct ot_db *db, const struct ot_cert_row *row,
                                 const char *pem, char id[OT_CERT_ID_MAX],
                                 struct ot_error *err)
{
    sqlite3_stmt *statement = ot_db_statement(db, OT_SQL_CERT_INSERT, err);
    enum ot_status status;

    if (statement == NULL)
        return err->status;
    for (int tries = 0; tries < ID_TRIES; tries++) {
        status = ot_random_id(id, OT_CERT_ID_MAX, "cert_", 16, err);
        if (status != OT_OK)
            return status;
        bind_text(statement, 1, id);
        bind_text(statement, 2, row->name);
        sqlite3_bind_int64(statement, 3, row->created_at);
        sqlite3_bind_int64(statement, 4, row->valid_at);
        sqlite3_bind_int64(statement, 5, row->expires_at);
        status = ot_db_run(db, statement, "store a certificate", err);
        if (status != OT_OK)
            return status;
        if (sqlite3_changes(ot_db_handle(db)) == 1)
            return insert_content(db, pem, err);
    }
    return ot_error_set(err, OT_E_INTERNAL, "the system's random numbers repeat");
}

enum ot_status ot_db_cert_get(struct ot_db *db, const char *id, ot_cert_seen *seen,
                              void *arg, struct ot_error *err)
{
    sqlite3_stmt *statement = ot_db_statement(db, OT_SQL_CERT_GET, err);

    if (statement == NULL)
        return err->status;
    bind_text(statement, 1, id);
    return see_one(db, statement, seen, arg, err);
}

enum ot_status ot_db_cert_in_scope(struct ot_db *db, const char *scope, const char *id,
                                   ot_cert_seen *seen, void *arg, struct ot_error *err)
{
    sqlite3_stmt *statement = ot_db_statement(db, OT_SQL_CERT_IN_SCOPE, err);

    if (statement == NULL)
        return err->status;
    bind_text(statement, 1, scope);
    bind_text(statement, 2, id);
    return see_one(db, statement, seen, arg, err);
}

enum ot_status ot_db_cert_content(struct ot_db *db, const char *id, char **pem,
                                  struct ot_error *err)
{
    sqlite3_stmt *statement = ot_db_statement(db, OT_SQL_CERT_CONTENT, err);
    enum ot_status status = OT_OK;
    int result;

    *pem = NULL;
    if (statement == NULL)
        return err->status;
    bind_text(statement, 1, id);
    result = sqlite3_step(statement);
    if (result == SQLITE_DONE) {
        status = OT_E_NOT_FOUND;
    } else if (result != SQLITE_ROW) {
        status = ot_db_fail(db, "read a certificate", err);
    } else {
        const char *text = (const char *)sqlite3_column_text(statement, 0);

        *pem = text != NULL ? strdup(text) : NULL;
        if (*pem == NULL)
            status = ot_error_nomem(err);
    }
    sqlite3_reset(statement);
    return status;
}

enum ot_status ot_db_cert_rename(struct ot_db *db, const char *id, const char *name,
                                 struct ot_error *err)
{
    sqlite3_stmt *statement = ot_db_statement(db, OT_SQL_CERT_RENAME, err);

    if (statement == NULL)
        return err->status;
    bind_text(statement, 1, id);
    bind_text(statement, 2, name);
    return ot_db_run_on_row(db, statement, "rename a certificate", err);
}

enum ot_status ot_db_cert_delete(struct ot_db *db, const char *id, struct ot_error *err)
{
    sqlite3_stmt *statement = ot_db_statement(db, OT_SQL_CERT_DELETE, err);

    if (statement == NULL)
        return err->status;
    bind_text(statement, 1, id);
    return ot_db_run_on_row(db, statement, "delete a certificate", err);
}

enum ot_status ot_db_cert_cursor(struct ot_db *db, const char *id,
                                 struct ot_cert_cursor *out, struct ot_error *err)
{
    sqlite3_stmt *statement = ot_db_statement(db, OT_SQL_CERT_CURSOR, err);
    enum ot_status status = OT_OK;
    int result;

    if (statement == NULL)
        return err->status;
    bind_text(statement, 1, id);
    result = sqlite3_step(statement);
    if (result == SQLITE_ROW) {
        out->created_at = sqlite3_column_int64(statement, 0);
        out->seq = sqlite3_column_int64(statement, 1);
    } else {
        status = result == SQLITE_DONE ? OT_E_NOT_FOUND
                                       : ot_db_fail(db, "read a certificate", err);
    }
    sqlite3_reset(statement);
    return status;
}

enum ot_status ot_db_cert_list(struct ot_db *db, const struct ot_cert_range *range,
                               ot_cert_seen *seen, void *arg, struct ot_error *err)
{
    sqlite3_stmt *statement =
        ot_db_statement(db, range->descending ? OT_SQL_LIST_DESC : OT_SQL_LIST_ASC, err);
    /* Before the first, behind the last: no upload happened at either end of time. */
    const int64_t edge = range->descending ? INT64_MAX : INT64_MIN;
    enum ot_status status = OT_OK;
    int result;

    if (statement == NULL)
        return err->status;
    bind_text(statement, 1, range->scope);
    sqlite3_bind_int64(statement, 2, range->after ? range->after->created_at : edge);
    sqlite3_bind_int64(statement, 3, range->after ? range->after->seq : edge);
    sqlite3_bind_int64(statement, 4, range->limit);
    while ((result = sqlite3_step(statement)) == SQLITE_ROW)
        see_cert_row(statement, seen, arg);
    if (result != SQLITE_DONE)
        status = ot_db_fail(db, "list certificates", err);
    sqlite3_reset(statement);
    return status;
}
