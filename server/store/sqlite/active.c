#include "store/active.h"

#include "base/error.h"
#include "store/sqlite/sqlite_internal.h"

enum ot_status ot_db_active_set(struct ot_db *db, const char *scope, const char *id,
                                bool active, bool *changed, struct ot_error *err)
{
    sqlite3_stmt *statement =
        ot_db_statement(db, active ? OT_SQL_ACTIVATE : OT_SQL_DEACTIVATE, err);
    enum ot_status status;

    if (statement == NULL)
        return err->status;
    sqlite3_bind_text(statement, 1, scope, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, id, -1, SQLITE_STATIC);
    status = ot_db_run(db, statement, "change an activation", err);
    if (status == OT_OK && sqlite3_changes(ot_db_handle(db)) != 0)
        *changed = true;
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
