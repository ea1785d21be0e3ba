#include "store/project.h"

#include <stdio.h>

#include "base/error.h"
#include "base/limits.h"
#include "shared/random_text.h"
#include "store/sqlite/sqlite_internal.h"

/* Columns 0 to 3 of every statement that selects projects. */
static void see_project(sqlite3_stmt *statement, ot_project_seen *seen, void *arg)
{
    const struct ot_project_row row = {
        .seq = sqlite3_column_int64(statement, 0),
        .id = (const char *)sqlite3_column_text(statement, 1),
        .name = (const char *)sqlite3_column_text(statement, 2),
        .created_at = sqlite3_column_int64(statement, 3),
    };

    seen(arg, &row);
}

enum ot_status ot_db_project_insert(struct ot_db *db, const struct ot_project_row *row,
                                    char id[OT_ID_MAX + 1], struct ot_error *err)
{
    sqlite3_stmt *statement = ot_db_statement(db, OT_SQL_PROJECT_INSERT, err);
    enum ot_status status = OT_OK;

    if (statement == NULL)
        return err->status;
    if (row->id == NULL)
        status = ot_random_id(id, OT_ID_MAX + 1, "proj_", 16, err);
    else
        snprintf(id, OT_ID_MAX + 1, "%s", row->id);
    if (status != OT_OK)
        return status;
    sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, row->name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 3, row->created_at);
    status = ot_db_run(db, statement, "store a project", err);
    if (status != OT_OK &&
        sqlite3_extended_errcode(ot_db_handle(db)) == SQLITE_CONSTRAINT_UNIQUE)
        return ot_error_set(err, OT_E_REFUSED, "there is a project %s already", id);
    return status;
}

enum ot_status ot_db_project_get(struct ot_db *db, const char *id, ot_project_seen *seen,
                                 void *arg, struct ot_error *err)
{
    sqlite3_stmt *statement = ot_db_statement(db, OT_SQL_PROJECT_GET, err);
    enum ot_status status = OT_OK;
    int result;

    if (statement == NULL)
        return err->status;
    sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
    result = sqlite3_step(statement);
    if (result != SQLITE_ROW)
        status = result == SQLITE_DONE ? OT_E_NOT_FOUND
                                       : ot_db_fail(db, "look up a project", err);
    else if (seen != NULL)
        see_project(statement, seen, arg);
    sqlite3_reset(statement);
    return status;
}

enum ot_status ot_db_project_list(struct ot_db *db, int64_t after, int64_t limit,
                                  ot_project_seen *seen, void *arg, struct ot_error *err)
{
    sqlite3_stmt *statement = ot_db_statement(db, OT_SQL_PROJECT_LIST, err);
    enum ot_status status = OT_OK;
    int result;

    if (statement == NULL)
        return err->status;
    sqlite3_bind_int64(statement, 1, after);
    sqlite3_bind_int64(statement, 2, limit);
    while ((result = sqlite3_step(statement)) == SQLITE_ROW)
        see_project(statement, seen, arg);
    if (result != SQLITE_DONE)
        status = ot_db_fail(db, "list projects", err);
    sqlite3_reset(statement);
    return status;
}
