/* Judging content on threads of its own while the network goes on: reading a certificate
 * takes OpenSSL longer than fetching it over a fast line. */
#ifndef OT_FETCH_SYNC_WORK_H
#define OT_FETCH_SYNC_WORK_H

#include "fetch/sync_plan.h"

struct ot_work;

/* For about `expected` entries of the plan; few are judged in place. The plan must
 * outlive the work, and nobody else touch an entry that was given to it before
 * ot_work_finish. The threads take no signals. */
enum ot_status ot_work_new(struct ot_work **out, struct ot_plan *plan, size_t expected,
                           struct ot_error *err);

/* Content of entry i, copied; waits while too much lies unread. Fails when an earlier
 * entry has: see ot_plan_accept. */
enum ot_status ot_work_put(struct ot_work *work, size_t i, const char *text,
                           struct ot_error *err);

/* Waits until all is judged; the first failure. */
enum ot_status ot_work_finish(struct ot_work *work, struct ot_error *err);

/* What is not judged yet will not be. NULL is fine. */
void ot_work_free(struct ot_work *work);

#endif
