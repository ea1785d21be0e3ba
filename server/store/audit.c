#include "store/audit.h"

#include <stdio.h>

#include "base/error.h"
#include "shared/random_text.h"
#include "store/driver.h"

_Static_assert(OT_AUDIT_ID_MAX <= OT_EVIDENCE_MAX, "an id is the evidence of a change");

static enum ot_status insert_resource(struct ot_db *db, const char *resource,
                                      const char *event, struct ot_error *err)
{
    const struct ot_value values[] = {ot_value_text(resource), ot_value_text(event)};
    const struct ot_query query = {
        OT_SQL_AUDIT_RESOURCE, "write the audit log", values, 2, NULL, NULL};

    return ot_db_ask(db, &query, NULL, err);
}

static enum ot_status insert_event(struct ot_db *db, const char *id,
                                   const struct ot_audit_row *row, struct ot_error *err)
{
    const struct ot_value values[] = {ot_value_text(id),
                                      ot_value_text(row->type),
                                      ot_value_int(row->effective_at),
                                      ot_value_text(row->project),
                                      ot_value_text(row->actor),
                                      ot_value_int(row->actor_is_key),
                                      ot_value_text(row->address),
                                      ot_value_text(row->detail)};
    const struct ot_query query = {
        OT_SQL_AUDIT_INSERT, "write the audit log", values, 8, NULL, NULL};

    return ot_db_ask(db, &query, NULL, err);
}

enum ot_status ot_db_audit_insert(struct ot_db *db, const struct ot_audit_row *row,
                                  const char *const *resources, size_t count,
                                  struct ot_error *err)
{
    char id[OT_AUDIT_ID_MAX];
    enum ot_status status = ot_random_id(id, sizeof(id), "audit_log-", 16, err);

    if (status == OT_OK)
        status = insert_event(db, id, row, err);
    for (size_t i = 0; status == OT_OK && i < count; i++)
        status = insert_resource(db, resources[i], id, err);
    if (status == OT_OK)
        snprintf(db->evidence, sizeof(db->evidence), "%s", id);
    return status;
}

static void take_place(void *arg, const struct ot_row *row)
{
    *(int64_t *)arg = ot_row_int(row, 0);
}

enum ot_status ot_db_audit_place(struct ot_db *db, const char *id, int64_t *place,
                                 struct ot_error *err)
{
    const struct ot_value values[] = {ot_value_text(id)};
    const struct ot_query query = {
        OT_SQL_AUDIT_PLACE, "read the audit log", values, 1, take_place, place};

    return ot_db_ask_one(db, &query, err);
}

struct audit_sight {
    ot_audit_seen *seen;
    void *arg;
};

static void see_audit_row(void *arg, const struct ot_row *row)
{
    const struct audit_sight *sight = arg;
    const struct ot_audit_row event = {
        .id = ot_row_text(row, 0),
        .type = ot_row_text(row, 1),
        .effective_at = ot_row_int(row, 2),
        .project = ot_row_text(row, 3),
        .project_name = ot_row_text(row, 4),
        .actor = ot_row_text(row, 5),
        .actor_is_key = ot_row_int(row, 6) != 0,
        .address = ot_row_text(row, 7),
        .detail = ot_row_text(row, 8),
    };

    sight->seen(sight->arg, &event, ot_row_int(row, 9));
}

enum ot_status ot_db_audit_list(struct ot_db *db, const struct ot_audit_range *range,
                                ot_audit_seen *seen, void *arg, struct ot_error *err)
{
    struct audit_sight sight = {seen, arg};
    const struct ot_value values[] = {
        ot_value_int(range->from),      ot_value_int(range->until),
        ot_value_int(range->above),     ot_value_int(range->below),
        ot_value_text(range->types),    ot_value_text(range->projects),
        ot_value_text(range->actors),   ot_value_text(range->resources),
        ot_value_int(range->limit + 1), ot_value_int(range->len)};
    const struct ot_query query = {range->nearest_to_above ? OT_SQL_AUDIT_LIST_UP
                                                           : OT_SQL_AUDIT_LIST,
                                   "read the audit log",
                                   values,
                                   10,
                                   see_audit_row,
                                   &sight};
    int64_t rows;

    return ot_db_ask(db, &query, &rows, err);
}
