/* A process beside `orgtrust watch` that waits until a source has changed, where its API
 * says so by itself (sync_wait.h): what it has in its memory, the key above all, ends
 * with it. */
#ifndef OT_CLI_COMMANDS_WATCH_WAIT_INTERNAL_H
#define OT_CLI_COMMANDS_WATCH_WAIT_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/api_extension.h"
#include "base/error.h"

struct ot_source;

/* Of one source; zeroed: there is none yet. Times are ot_watch_clock_ms's. */
struct ot_waiter {
    pid_t pid; /* 0: there is none */
    int fd;    /* can be read once it has ended */
    int64_t began_ms, next_ms;
    int64_t asked_ms;           /* the API wants no other one before */
    unsigned in_vain;           /* in a row: it failed, or there was nothing new */
    bool has_called;            /* something has changed, and was not synced yet */
    char moment[OT_MOMENT_MAX]; /* if so: sync_wait.h's, for the sync */
};

/* Starts it where that is due, and the API takes it. The program must have one thread. */
void ot_waiter_begin(struct ot_waiter *waiter, const struct ot_source *source,
                     const volatile int *stop, int64_t now_ms);
void ot_waiter_end(struct ot_waiter *waiter);

/* Once fd can be read. true: something has changed. */
bool ot_waiter_take(struct ot_waiter *waiter, int64_t now_ms);

/* The source was synced; what was waited for is no longer of interest, and who waits next
 * may do so at once, unless that was all the same for nothing. */
void ot_waiter_note_sync(struct ot_waiter *waiter, enum ot_status status, bool changed,
                         int64_t now_ms);

#endif
