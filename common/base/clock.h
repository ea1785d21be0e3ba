/* The clock that durations and deadlines are measured by, which nobody sets, and the
 * time. */
#ifndef OT_BASE_CLOCK_H
#define OT_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t ot_clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Unix seconds, the same on every way to ask: time() is some milliseconds behind, and so
 * may say the second before. */
static inline int64_t ot_clock_unix_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec;
}

#endif
