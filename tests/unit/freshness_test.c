#include "cache/freshness.h"

#include <stdint.h>

#include "base/limits.h"
#include "config/source.h"
#include "unit.h"

static const struct ot_source source = {.refresh_interval_s = 900, .max_stale_s = 86400};

static void age_decides(void)
{
    static const struct {
        int64_t age;
        bool stale, expired, future;
    } rows[] = {{0, false, false, false},    {900, false, false, false},
                {901, true, false, false},   {86400, true, false, false},
                {86401, true, true, false},  {-1, false, false, false},
                {-60, false, false, false},  {-61, true, false, true},
                {-100000, true, false, true}};
    const int64_t now = 1800000000;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct ot_freshness f = ot_freshness_of(&source, now - rows[i].age, now);

        CU_ASSERT_EQUAL(f.seen_at, now - rows[i].age);
        CU_ASSERT_EQUAL(f.age_s, rows[i].age < 0 ? 0 : rows[i].age);
        CU_ASSERT_EQUAL(f.stale, rows[i].stale);
        CU_ASSERT_EQUAL(f.expired, rows[i].expired);
        CU_ASSERT_EQUAL(f.future, rows[i].future);
    }
}

static void fault_36_clocks_at_the_ends_of_time(void)
{
    struct ot_freshness f = ot_freshness_of(&source, 1800000000, 0); /* it is 1970 */

    CU_ASSERT(f.stale && f.future && !f.expired);
    f = ot_freshness_of(&source, 0, 1800000000); /* the file is of 1970 */
    CU_ASSERT(f.stale && f.expired && !f.future);
    f = ot_freshness_of(&source, INT64_MAX, INT64_MIN);
    CU_ASSERT(f.stale && f.future && !f.expired && f.age_s == 0);
    f = ot_freshness_of(&source, INT64_MIN, INT64_MAX);
    CU_ASSERT(f.stale && f.expired && !f.future);
}

static void never_does_not_expire(void)
{
    struct ot_source keep = source;
    struct ot_freshness f;

    keep.max_stale_s = OT_NEVER;
    f = ot_freshness_of(&keep, INT64_MIN, INT64_MAX);
    CU_ASSERT(f.stale && !f.expired);
}

static void back_off_doubles_up_to_an_hour(void)
{
    CU_ASSERT_EQUAL(ot_freshness_backoff(0), 0);
    CU_ASSERT_EQUAL(ot_freshness_backoff(1), OT_BACKOFF_FIRST_S);
    CU_ASSERT_EQUAL(ot_freshness_backoff(2), 2 * OT_BACKOFF_FIRST_S);
    CU_ASSERT_EQUAL(ot_freshness_backoff(7), 64 * OT_BACKOFF_FIRST_S);
    CU_ASSERT_EQUAL(ot_freshness_backoff(8), OT_BACKOFF_LONGEST_S);
    CU_ASSERT_EQUAL(ot_freshness_backoff(UINT32_MAX), OT_BACKOFF_LONGEST_S);
}

int main(int argc, char **argv)
{
    static const struct unit_case cases[] = {
        {"age_decides", age_decides},
        {"fault_36_clocks_at_the_ends_of_time", fault_36_clocks_at_the_ends_of_time},
        {"never_does_not_expire", never_does_not_expire},
        {"back_off_doubles_up_to_an_hour", back_off_doubles_up_to_an_hour},
        {NULL, NULL}};

    return unit_main("freshness", cases, argc, argv);
}
