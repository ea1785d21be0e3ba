#include "store/summary.h"

#include "store/driver.h"

static void take_summary(void *arg, const struct ot_row *row)
{
    *(struct ot_summary *)arg = (struct ot_summary){
        .total = ot_row_int(row, 0),
        .active = ot_row_int(row, 1),
        .expired = ot_row_int(row, 2),
        .earliest_end = ot_row_int(row, 3),
    };
}

enum ot_status ot_db_summary(struct ot_db *db, int64_t now, struct ot_summary *summary,
                             struct ot_error *err)
{
    const struct ot_value values[] = {ot_value_int(now)};
    const struct ot_query query = {
        OT_SQL_SUMMARY, "count certificates", values, 1, take_summary, summary};

    *summary = (struct ot_summary){0};
    return ot_db_ask_one(db, &query, err);
}
