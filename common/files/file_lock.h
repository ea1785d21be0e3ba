/* One sync of a source at a time, over all processes: flock, gone with its holder. */
#ifndef OT_FILES_FILE_LOCK_H
#define OT_FILES_FILE_LOCK_H

#include <stdbool.h>

#include "base/error.h"

/* Room for who holds a lock: "orgtrust (process 1234)", or "another process" where that
 * cannot be known, as in a container. */
#define OT_LOCK_HOLDER_MAX 64

struct ot_lock_wait {
    int limit_ms;
    const volatile int *stop; /* set by a signal handler; may be NULL */
    /* Called once, and at once, where the lock is held: by whom. May be NULL. */
    void (*waits)(void *arg, const char *holder);
    void *arg;
};

/* Takes the lock, waiting up to wait_ms by the monotonic clock (0: one try). *waited says
 * whether somebody else held it first. OT_E_BUSY: still held. *fd is released by
 * ot_file_lock_release. The lock file stays. */
enum ot_status ot_file_lock_take(int *fd, const char *path, int wait_ms, bool *waited,
                                 struct ot_error *err);
/* The same for a lock that may take minutes. OT_E_INTERRUPTED, without a sentence: stop
 * was set before it was taken. */
enum ot_status ot_file_lock_wait(int *fd, const char *path,
                                 const struct ot_lock_wait *how, struct ot_error *err);
void ot_file_lock_release(int fd); /* -1 is fine */

#endif
