/* notify_url: a source's news, told by POST to whoever listens there, each once, in the
 * background of syncs.
 *
 * What is waiting lies in the source's memory; NAME.notify has the mark up to which it
 * was delivered and, from before the first attempt, what is being delivered: it stays the
 * same with the same id until a 2xx answers it, or it is given up. NAME.notify-state is
 * how the last attempts went (cache/state.h). Who delivers holds NAME.notify-lock. */
#ifndef OT_NOTIFY_NOTIFY_H
#define OT_NOTIFY_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct ot_source;
struct ot_state;

struct ot_notify_result {
    uint64_t delivered; /* changes, by this attempt */
    bool is_waiting;    /* there is more to deliver, after a failure from retry_at on */
    int64_t retry_at;   /* Unix seconds; 0: at once */
};

/* Whether the source has a notify_url that is not told everything yet, or whose last
 * failure is to be repeated. Reads a few hundred bytes. */
bool ot_notify_is_due(const struct ot_source *source);

/* OT_E_BUSY: another process delivers. ot_file_lock_release gives it back. */
enum ot_status ot_notify_lock(int *fd, const struct ot_source *source,
                              struct ot_error *err);

/* Under the lock: one request, or none where nothing is waiting. A failure is written
 * down, and is retried from result->retry_at on; what fails for a day is given up, which
 * is the failure that stays in the state until something was delivered. */
enum ot_status ot_notify_deliver(struct ot_notify_result *result,
                                 const struct ot_source *source, const volatile int *stop,
                                 struct ot_error *err);

/* How the last attempts went; failures is 0 when all is well. */
enum ot_status ot_notify_state(struct ot_state *state, const struct ot_source *source,
                               struct ot_error *err);

#endif
