#include "store/active.h"

#include "base/error.h"
#include "store/sqlite/sqlite_internal.h"

static enum ot_status change_activation(struct ot_db *db, sqlite3_stmt *statement,
                                        const char *scope, const char *id, bool *changed,
                                        struct ot_error *err)
{
    enum ot_status status;

    sqlite3_bind_text(statement, 1, scope, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, id, -1, SQLITE_STATIC);
    status = ot_db_run(db, statement, "change an activation", err);
    if (status == OT_OK && sqlite3_changes(ot_db_handle(db)) != 0)
        *changed = true;
    return status;
}

enum ot_status ot_db_activate(struct ot_db *db, const char *scope, const char *id,
                              const struct ot_active_end *end, bool *changed,
                              struct ot_error *err)
{
    sqlite3_stmt *statement = ot_db_statement(db, OT_SQL_ACTIVATE, err);

    if (statement == NULL)
        return err->status;
    if (end != NULL) {
        sqlite3_bind_int64(statement, 3, end->at);
        sqlite3_bind_text(statement, 4, end->by, -1, SQLITE_STATIC);
    } else { /* what an earlier call has bound stays otherwise */
        sqlite3_bind_null(statement, 3);
        sqlite3_bind_null(statement, 4);
    }
    return change_activation(db, statement, scope, id, changed, err);
}

enum ot_status ot_db_deactivate(struct ot_db *db, const char *scope, const char *id,
                                bool *changed, struct ot_error *err)
{
    sqlite3_stmt *statement = ot_db_statement(db, OT_SQL_DEACTIVATE, err);

    if (statement == NULL)
        return err->status;
    return change_activation(db, statement, scope, id, changed, err);
}

enum ot_status ot_db_active_due(struct ot_db *db, int64_t now, bool *due,
                                struct ot_error *err)
{
    sqlite3_stmt *statement = ot_db_statement(db, OT_SQL_ENDED_ANY, err);
    enum ot_status status = OT_OK;

    if (statement == NULL)
        return err->status;
    sqlite3_bind_int64(statement, 1, now);
    if (sqlite3_step(statement) == SQLITE_ROW)
        *due = sqlite3_column_int(statement, 0) != 0;
    else
        status = ot_db_fail(db, "look for activations that have ended", err);
    sqlite3_reset(statement);
    return status;
}

static void show_ended(sqlite3_stmt *row, ot_ended_seen *seen, void *arg)
{
    const struct ot_active_end end = {
        .at = sqlite3_column_int64(row, 1),
        .by = (const char *)sqlite3_column_text(row, 2),
    };

    seen(arg, (const char *)sqlite3_column_text(row, 0), &end,
         (const char *)sqlite3_column_text(row, 3),
         (const char *)sqlite3_column_text(row, 4));
}

enum ot_status ot_db_active_ended(struct ot_db *db, int64_t now, int limit,
                                  ot_ended_seen *seen, void *arg, struct ot_error *err)
{
    sqlite3_stmt *statement = ot_db_statement(db, OT_SQL_ENDED, err);
    enum ot_status status = OT_OK;
    int result;

    if (statement == NULL)
        return err->status;
    sqlite3_bind_int64(statement, 1, now);
    sqlite3_bind_int(statement, 2, limit);
    while ((result = sqlite3_step(statement)) == SQLITE_ROW)
        show_ended(statement, seen, arg);
    if (result != SQLITE_DONE)
        status = ot_db_fail(db, "read activations that have ended", err);
    sqlite3_reset(statement);
    return status;
}

enum ot_status ot_db_active_scopes(struct ot_db *db, const char *id, ot_scope_seen *seen,
                                   void *arg, struct ot_error *err)
{
    sqlite3_stmt *statement = ot_db_statement(db, OT_SQL_SCOPES, err);
    enum ot_status status = OT_OK;
    int result;

    if (statement == NULL)
        return err->status;
    sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
    while ((result = sqlite3_step(statement)) == SQLITE_ROW)
        seen(arg, (const char *)sqlite3_column_text(statement, 0));
    if (result != SQLITE_DONE)
        status = ot_db_fail(db, "read activations", err);
    sqlite3_reset(statement);
    return status;
}
