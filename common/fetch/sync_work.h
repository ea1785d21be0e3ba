/* Judging content on threads of its own while the network goes on: where a line is fast,
 * reading a certificate takes as long as fetching it. */
#ifndef OT_FETCH_SYNC_WORK_H
#define OT_FETCH_SYNC_WORK_H

#include "fetch/sync_content.h"

struct ot_work;

/* The first few contents are judged in place, threads are started for what follows. They
 * take no signals. */
enum ot_status ot_work_new(struct ot_work **out, struct ot_error *err);

/* The text of this content, copied; waits while too much lies unread. The content must
 * outlive the work, and nobody else touch it before ot_work_finish. Fails when an earlier
 * one has: see ot_content_accept. */
enum ot_status ot_work_put(struct ot_work *work, struct ot_content *content,
                           const char *text, struct ot_error *err);

/* Waits until all is judged; the first failure. */
enum ot_status ot_work_finish(struct ot_work *work, struct ot_error *err);

/* What is not judged yet will not be. NULL is fine. */
void ot_work_free(struct ot_work *work);

#endif
