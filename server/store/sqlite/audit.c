#include "store/audit.h"

#include "base/error.h"
#include "shared/random_text.h"
#include "store/db.h"
#include "store/sqlite/sqlite_internal.h"

static enum ot_status insert_resource(struct ot_db *db, const char *resource,
                                      int64_t event, struct ot_error *err)
{
    sqlite3_stmt *statement = ot_db_statement(db, OT_SQL_AUDIT_RESOURCE, err);

    if (statement == NULL)
        return err->status;
    sqlite3_bind_text(statement, 1, resource, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 2, event);
    return ot_db_run(db, statement, "write the audit log", err);
}

enum ot_status ot_db_audit_insert(struct ot_db *db, const struct ot_audit_row *row,
                                  const char *const *resources, size_t count,
                                  struct ot_error *err)
{
    sqlite3_stmt *statement = ot_db_statement(db, OT_SQL_AUDIT_INSERT, err);
    char id[OT_AUDIT_ID_MAX];
    enum ot_status status;
    int64_t event;

    if (statement == NULL)
        return err->status;
    status = ot_random_id(id, sizeof(id), "audit_log-", 16, err);
    if (status != OT_OK)
        return status;
    sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, row->type, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 3, row->effective_at);
    sqlite3_bind_text(statement, 4, row->project, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 5, row->actor, -1, SQLITE_STATIC);
    sqlite3_bind_int(statement, 6, row->actor_is_key);
    sqlite3_bind_text(statement, 7, row->address, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 8, row->detail, -1, SQLITE_STATIC);
    status = ot_db_run(db, statement, "write the audit log", err);
    event = sqlite3_last_insert_rowid(ot_db_handle(db));
    for (size_t i = 0; status == OT_OK && i < count; i++)
        status = insert_resource(db, resources[i], event, err);
    return status;
}

enum ot_status ot_db_audit_place(struct ot_db *db, const char *id, int64_t *place,
                                 struct ot_error *err)
{
    sqlite3_stmt *statement = ot_db_statement(db, OT_SQL_AUDIT_PLACE, err);
    enum ot_status status = OT_OK;
    int result;

    if (statement == NULL)
        return err->status;
    sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
    result = sqlite3_step(statement);
    if (result == SQLITE_ROW)
        *place = sqlite3_column_int64(statement, 0);
    else
        status = result == SQLITE_DONE ? OT_E_NOT_FOUND
                                       : ot_db_fail(db, "read the audit log", err);
    sqlite3_reset(statement);
    return status;
}

static void see_event(sqlite3_stmt *statement, ot_audit_seen *seen, void *arg)
{
    const struct ot_audit_row row = {
        .id = (const char *)sqlite3_column_text(statement, 0),
        .type = (const char *)sqlite3_column_text(statement, 1),
        .effective_at = sqlite3_column_int64(statement, 2),
        .project = (const char *)sqlite3_column_text(statement, 3),
        .project_name = (const char *)sqlite3_column_text(statement, 4),
        .actor = (const char *)sqlite3_column_text(statement, 5),
        .actor_is_key = sqlite3_column_int(statement, 6) != 0,
        .address = (const char *)sqlite3_column_text(statement, 7),
        .detail = (const char *)sqlite3_column_text(statement, 8),
    };

    seen(arg, &row, sqlite3_column_int64(statement, 9));
}

enum ot_status ot_db_audit_list(struct ot_db *db, const struct ot_audit_range *range,
                                ot_audit_seen *seen, void *arg, struct ot_error *err)
{
    sqlite3_stmt *statement = ot_db_statement(
        db, range->nearest_to_above ? OT_SQL_AUDIT_LIST_UP : OT_SQL_AUDIT_LIST, err);
    enum ot_status status = OT_OK;
    int result;

    if (statement == NULL)
        return err->status;
    sqlite3_bind_int64(statement, 1, range->from);
    sqlite3_bind_int64(statement, 2, range->until);
    sqlite3_bind_int64(statement, 3, range->above);
    sqlite3_bind_int64(statement, 4, range->below);
    sqlite3_bind_text(statement, 5, range->types, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 6, range->projects, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 7, range->actors, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 8, range->resources, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 9, range->limit);
    while ((result = sqlite3_step(statement)) == SQLITE_ROW)
        see_event(statement, seen, arg);
    if (result != SQLITE_DONE)
        status = ot_db_fail(db, "read the audit log", err);
    sqlite3_reset(statement);
    return status;
}
