/* When a plugin starts a sync of its source, and when it waits for one. */
#ifndef OT_CACHE_REFRESH_INTERNAL_H
#define OT_CACHE_REFRESH_INTERNAL_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

struct ot_source;

/* Shared by all threads without a lock; sound in a forked child. */
struct ot_refresh {
    const struct ot_source *source;
    _Atomic int64_t start_after_ms, wait_after_ms; /* monotonic */
    _Atomic pid_t waiting; /* the process one of whose threads waits; 0: none */
};

/* Starts a sync if this process may, has not done so just now, and no back-off runs. */
void ot_refresh_start(struct ot_refresh *refresh);

/* The same, and waits for its end, at most OT_FIRST_SYNC_WAIT_MS; or for that of another
 * thread's that is waiting already. */
void ot_refresh_wait(struct ot_refresh *refresh);

#endif
