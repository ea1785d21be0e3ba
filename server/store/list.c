#include "store/list.h"

#include "base/error.h"
#include "store/driver.h"

struct list_sight {
    ot_list_seen *seen;
    void *arg;
};

static void see_untagged_row(void *arg, const struct ot_row *row)
{
    const struct list_sight *sight = arg;

    sight->seen(sight->arg, ot_row_text(row, 0));
}

enum ot_status ot_db_list_untagged(struct ot_db *db, int limit, ot_list_seen *seen,
                                   void *arg, struct ot_error *err)
{
    struct list_sight sight = {seen, arg};
    const struct ot_value values[] = {ot_value_int(limit)};
    const struct ot_query query = {OT_SQL_LIST_UNTAGGED,
                                   "look for lists that have changed",
                                   values,
                                   1,
                                   see_untagged_row,
                                   &sight};
    int64_t rows;

    return ot_db_ask(db, &query, &rows, err);
}

struct active_id_sight {
    ot_active_id_seen *seen;
    void *arg;
};

static void see_active_id(void *arg, const struct ot_row *row)
{
    const struct active_id_sight *sight = arg;

    sight->seen(sight->arg, ot_row_text(row, 0));
}

enum ot_status ot_db_list_active(struct ot_db *db, const char *scope,
                                 ot_active_id_seen *seen, void *arg, struct ot_error *err)
{
    struct active_id_sight sight = {seen, arg};
    const struct ot_value values[] = {ot_value_text(scope)};
    const struct ot_query query = {
        OT_SQL_LIST_ACTIVE, "read what is active", values, 1, see_active_id, &sight};
    int64_t rows;

    return ot_db_ask(db, &query, &rows, err);
}

enum ot_status ot_db_list_tag(struct ot_db *db, const char *scope, const char *tag,
                              struct ot_error *err)
{
    const struct ot_value values[] = {ot_value_text(scope), ot_value_text(tag)};
    const struct ot_query tagging = {
        OT_SQL_LIST_TAG, "note what is active", values, 2, NULL, NULL};
    const struct ot_query caught_up = {
        OT_SQL_HOSTS_CAUGHT_UP, "note which hosts follow", values, 2, NULL, NULL};
    enum ot_status status = ot_db_ask(db, &tagging, NULL, err);

    return status == OT_OK ? ot_db_ask(db, &caught_up, NULL, err) : status;
}
