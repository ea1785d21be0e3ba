/* The clock that durations and deadlines are measured by: nobody sets it. */
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

#endif
