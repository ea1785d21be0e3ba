#include "store/project.h"

#include <stdio.h>

#include "base/error.h"
#include "base/limits.h"
#include "shared/random_text.h"
#include "store/driver.h"

struct project_sight {
    ot_project_seen *seen; /* may be NULL */
    void *arg;
};

/* Columns 0 to 3 of every statement that selects projects. */
static void see_project_row(void *arg, const struct ot_row *row)
{
    const struct project_sight *sight = arg;
    const struct ot_project_row project = {
        .seq = ot_row_int(row, 0),
        .id = ot_row_text(row, 1),
        .name = ot_row_text(row, 2),
        .created_at = ot_row_int(row, 3),
    };

    if (sight->seen != NULL)
        sight->seen(sight->arg, &project);
}

enum ot_status ot_db_project_insert(struct ot_db *db, const struct ot_project_row *row,
                                    char id[OT_ID_MAX + 1], struct ot_error *err)
{
    const struct ot_value values[] = {ot_value_text(id), ot_value_text(row->name),
                                      ot_value_int(row->created_at)};
    const struct ot_query query = {
        OT_SQL_PROJECT_INSERT, "store a project", values, 3, NULL, NULL};
    enum ot_status status = OT_OK;

    if (row->id == NULL)
        status = ot_random_id(id, OT_ID_MAX + 1, "proj_", 16, err);
    else
        snprintf(id, OT_ID_MAX + 1, "%s", row->id);
    if (status == OT_OK)
        status = ot_db_ask_one(db, &query, err);
    if (status == OT_E_REFUSED)
        return ot_error_set(err, OT_E_REFUSED, "there is a project %s already", id);
    return status;
}

enum ot_status ot_db_project_get(struct ot_db *db, const char *id, ot_project_seen *seen,
                                 void *arg, struct ot_error *err)
{
    struct project_sight sight = {seen, arg};
    const struct ot_value values[] = {ot_value_text(id)};
    const struct ot_query query = {
        OT_SQL_PROJECT_GET, "look up a project", values, 1, see_project_row, &sight};

    return ot_db_ask_one(db, &query, err);
}

enum ot_status ot_db_project_list(struct ot_db *db, int64_t after, int64_t limit,
                                  ot_project_seen *seen, void *arg, struct ot_error *err)
{
    struct project_sight sight = {seen, arg};
    const struct ot_value values[] = {ot_value_int(after), ot_value_int(limit)};
    const struct ot_query query = {OT_SQL_PROJECT_LIST, "list projects", values, 2,
                                   see_project_row,     &sight};
    int64_t rows;

    return ot_db_ask(db, &query, &rows, err);
}
