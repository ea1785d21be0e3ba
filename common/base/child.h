/* Starts the command from inside a host process that must not notice.
 *
 * The child is not the host's: it raises no SIGCHLD, no wait of the host sees it, it
 * inherits no descriptor, signal mask, signal disposition, working directory or umask of
 * the host, and only the environment that the command reads. */
#ifndef OT_BASE_CHILD_H
#define OT_BASE_CHILD_H

#include <spawn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

#define OT_CHILD_FDS 6u

/* Where whatever we start looks for programs. */
#define OT_CHILD_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Names of variables, a last `*` for any end; up to a NULL: whether this one is of them.
 * What the sanitizers in a program read goes on with the others. */
bool ot_child_is_passed(const char *variable, const char *const *names);
#define OT_CHILD_SANITIZERS                                                              \
    "ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"

struct ot_child {
    const char *const *argv; /* "orgtrust", …, NULL */
    /* fds[n] is what it holds as its descriptor n, and comes from ot_child_pipe or has
     * gone through ot_child_lift; -1: /dev/null as 0 to 2, nothing else. */
    int fds[OT_CHILD_FDS];
    const char *instead; /* "NAME=value" for the host's variable of that name, "NAME" for
                          * none; NULL: the environment as it is */
};

/* Whether orphans become children of this process (process 1, subreapers). It sees the
 * child end after all: ot_child_reap. */
bool ot_child_is_adopted(void);

/* A pipe whose ends are no descriptor that the child wants to have, also in a host that
 * has closed its standard ones. On failure both are -1. */
enum ot_status ot_child_pipe(int ends[2], struct ot_error *err);
/* Moves a descriptor (closed on exec) out of that range. On failure *fd is closed. */
enum ot_status ot_child_lift(int *fd, struct ot_error *err);

/* The program is the compiled-in path, or ORGTRUST_COMMAND outside secure mode. The
 * descriptors stay open here, too. pid may be NULL; it is for ot_child_reap alone. */
enum ot_status ot_child_start(const struct ot_child *child, pid_t *pid,
                              struct ot_error *err);

/* No signal of ours is blocked, caught or ignored in the child; flags (POSIX_SPAWN_*) are
 * set besides. 0 or an errno. */
int ot_child_reset_signals(posix_spawnattr_t *attributes, short flags);

/* Reads what the child writes until all writers have closed the pipe, keeps the first
 * size bytes (*len; buf may be NULL for none), then closes fd, whatever came of it. what
 * is for messages: "orgtrust sync". OT_E_BUSY: it has not ended within the time, which
 * the monotonic clock measures. */
enum ot_status ot_child_read(int fd, int timeout_ms, char *buf, size_t size, size_t *len,
                             const char *what, struct ot_error *err);

/* Takes an adopted child that has ended off the host's hands, by its pid alone. The host
 * may have been quicker. */
void ot_child_reap(pid_t pid);

#endif
