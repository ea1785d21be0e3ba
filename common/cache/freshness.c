#include "cache/freshness.h"

#include "base/limits.h"
#include "config/source.h"

struct ot_freshness ot_freshness_of(const struct ot_source *source, int64_t seen_at,
                                    int64_t now)
{
    struct ot_freshness f = {.seen_at = seen_at};
    int64_t age;

    /* Times come from a file's metadata and may be anything. */
    if (__builtin_sub_overflow(now, seen_at, &age))
        age = now < seen_at ? INT64_MIN : INT64_MAX - 1;
    f.future = age < -OT_CLOCK_SKEW_S;
    f.age_s = age > 0 ? age : 0;
    f.stale = f.future || f.age_s > source->refresh_interval_s;
    /* The last no that is known stays. */
    f.expired = !ot_source_distrusts(source) && source->max_stale_s != OT_NEVER &&
                f.age_s > source->max_stale_s;
    return f;
}

int64_t ot_freshness_backoff(unsigned failures)
{
    int64_t wait = OT_BACKOFF_FIRST_S;

    if (failures == 0)
        return 0;
    while (--failures > 0 && wait < OT_BACKOFF_LONGEST_S)
        wait *= 2;
    return wait < OT_BACKOFF_LONGEST_S ? wait : OT_BACKOFF_LONGEST_S;
}
