/* How old a snapshot is, and what follows from that. Pure; the caller reads the clock. */
#ifndef OT_CACHE_FRESHNESS_H
#define OT_CACHE_FRESHNESS_H

#include <stdbool.h>
#include <stdint.h>

struct ot_source;

struct ot_freshness {
    int64_t seen_at; /* Unix seconds */
    int64_t age_s;   /* never negative */
    bool stale;      /* older than refresh_interval, or from the future */
    bool expired;    /* older than max_stale: not used any more, but for a no */
    bool future;     /* more than OT_CLOCK_SKEW_S ahead */
};

struct ot_freshness ot_freshness_of(const struct ot_source *source, int64_t seen_at,
                                    int64_t now);

/* Seconds until the next try after `failures` failed ones in a row: doubled from
 * OT_BACKOFF_FIRST_S to OT_BACKOFF_LONGEST_S; 0 for none. */
int64_t ot_freshness_backoff(unsigned failures);

#endif
