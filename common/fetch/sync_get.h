/* Content for the certificates that the last snapshot lacks: faults.md rows 8, 11, 12. */
#ifndef OT_FETCH_SYNC_GET_H
#define OT_FETCH_SYNC_GET_H

#include "fetch/sync_plan.h"

/* Fetches what the plan lacks. Content that an answer leaves out is asked for once more.
 * A certificate that is not there (404) must also be gone from a second listing; it is
 * then marked as missing. Anything else that is wrong ends the sync. */
enum ot_status ot_plan_fetch(struct ot_plan *plan, struct ot_api *api,
                             const struct ot_sync_options *options, struct ot_error *err);

#endif
