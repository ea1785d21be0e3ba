/* Until there is something to sync: where the API holds a question as long as nothing has
 * changed since the last listing. */
#ifndef OT_SYNC_SYNC_WAIT_H
#define OT_SYNC_SYNC_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/api_extension.h"
#include "base/error.h"

struct ot_source;

/* Whether the API last said that it does. */
bool ot_sync_may_wait(const struct ot_source *source);

/* What a wait ended with. */
struct ot_call {
    char moment[OT_MOMENT_MAX]; /* OT_OK: the one that it is now, for ot_sync_options */
    int64_t retry_after_ms;     /* else how long the API wants to be left alone; -1: it
                                   does not say */
};

/* Waits, without a lock and without writing anything; *stop, which a signal handler sets,
 * ends it (may be NULL). OT_OK: something has changed since the snapshot was made. What
 * goes wrong has no sentence: the next sync meets it, too. OT_E_BUSY: the API did not
 * hold the question as long as it could have. OT_E_NO_SNAPSHOT: there is none that says
 * since when. */
enum ot_status ot_sync_wait(const struct ot_source *source, const volatile int *stop,
                            struct ot_call *call);

#endif
