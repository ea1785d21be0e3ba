#include "store/active.h"

#include "base/error.h"
#include "store/driver.h"

static enum ot_status change_activation(struct ot_db *db, const struct ot_query *query,
                                        bool *changed, struct ot_error *err)
{
    int64_t rows = 0;
    enum ot_status status = ot_db_ask(db, query, &rows, err);

    if (status == OT_OK && rows != 0)
        *changed = true;
    return status;
}

enum ot_status ot_db_activate(struct ot_db *db, const char *scope, const char *id,
                              const struct ot_active_end *end, bool *changed,
                              struct ot_error *err)
{
    const struct ot_value values[] = {ot_value_text(scope), ot_value_text(id),
                                      end != NULL ? ot_value_int(end->at)
                                                  : ot_value_text(NULL),
                                      ot_value_text(end != NULL ? end->by : NULL)};
    const struct ot_query query = {
        OT_SQL_ACTIVATE, "change an activation", values, 4, NULL, NULL};

    return change_activation(db, &query, changed, err);
}

enum ot_status ot_db_deactivate(struct ot_db *db, const char *scope, const char *id,
                                bool *changed, struct ot_error *err)
{
    const struct ot_value values[] = {ot_value_text(scope), ot_value_text(id)};
    const struct ot_query query = {
        OT_SQL_DEACTIVATE, "change an activation", values, 2, NULL, NULL};

    return change_activation(db, &query, changed, err);
}

static void take_due(void *arg, const struct ot_row *row)
{
    *(bool *)arg = ot_row_int(row, 0) != 0;
}

enum ot_status ot_db_active_due(struct ot_db *db, int64_t now, bool *due,
                                struct ot_error *err)
{
    const struct ot_value values[] = {ot_value_int(now)};
    const struct ot_query query = {
        OT_SQL_ENDED_ANY, "look for activations that have ended",
        values,           1,
        take_due,         due};

    return ot_db_ask_one(db, &query, err);
}

struct ended_sight {
    ot_ended_seen *seen;
    void *arg;
};

static void see_ended_row(void *arg, const struct ot_row *row)
{
    const struct ended_sight *sight = arg;
    const struct ot_active_end end = {.at = ot_row_int(row, 1),
                                      .by = ot_row_text(row, 2)};

    sight->seen(sight->arg, ot_row_text(row, 0), &end, ot_row_text(row, 3),
                ot_row_text(row, 4));
}

enum ot_status ot_db_active_ended(struct ot_db *db, int64_t now, int limit,
                                  ot_ended_seen *seen, void *arg, struct ot_error *err)
{
    struct ended_sight sight = {seen, arg};
    const struct ot_value values[] = {ot_value_int(now), ot_value_int(limit)};
    const struct ot_query query = {OT_SQL_ENDED,  "read activations that have ended",
                                   values,        2,
                                   see_ended_row, &sight};
    int64_t rows;

    return ot_db_ask(db, &query, &rows, err);
}

struct scope_sight {
    ot_scope_seen *seen;
    void *arg;
};

static void see_scope_row(void *arg, const struct ot_row *row)
{
    const struct scope_sight *sight = arg;

    sight->seen(sight->arg, ot_row_text(row, 0), ot_row_int(row, 1));
}

enum ot_status ot_db_active_scopes(struct ot_db *db, const char *id, ot_scope_seen *seen,
                                   void *arg, struct ot_error *err)
{
    struct scope_sight sight = {seen, arg};
    const struct ot_value values[] = {ot_value_text(id)};
    const struct ot_query query = {
        OT_SQL_SCOPES, "read activations", values, 1, see_scope_row, &sight};
    int64_t rows;

    return ot_db_ask(db, &query, &rows, err);
}
