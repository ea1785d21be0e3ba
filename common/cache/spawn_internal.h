/* Starts `orgtrust sync` in the background, unseen by the host: child.h. It is the one
 * thing that orgtrust.so and orgtrust-pkcs11.so do besides reading, here and nowhere
 * else; auto_refresh = no forbids it. */
#ifndef OT_CACHE_SPAWN_INTERNAL_H
#define OT_CACHE_SPAWN_INTERNAL_H

#include <stdbool.h>

#include "base/error.h"

struct ot_source;

/* Whether this process may start one at all: auto_refresh, not in secure mode, no filter
 * of system calls that could kill it (confinement.h), its user may write (or create) the
 * cache directory, and orphans do not become its own children (process 1 and subreapers):
 * those would see the sync end. */
bool ot_spawn_is_allowed(const struct ot_source *source);

/* Starts `orgtrust sync --source NAME --if-stale --quiet`. *done is the reading end of a
 * pipe that reports end of file when it has ended; the caller closes it, at any time.
 * done may be NULL: then no descriptor is used. On failure *done is -1. */
enum ot_status ot_spawn_sync(const struct ot_source *source, int *done,
                             struct ot_error *err);

/* Waits for it by the monotonic clock, then closes done. OT_E_BUSY: still running. */
enum ot_status ot_spawn_wait(int done, int timeout_ms, struct ot_error *err);

#endif
