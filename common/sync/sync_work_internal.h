/* Judging content on threads of its own while the network goes on: where a line is fast,
 * reading a certificate takes as long as fetching it. */
#ifndef OT_SYNC_SYNC_WORK_INTERNAL_H
#define OT_SYNC_SYNC_WORK_INTERNAL_H

#include "base/error.h"
#include "base/span.h"

struct ot_content;

struct ot_work;

/* The first few contents are checked in place, threads are started for what follows. They
 * take no signals. */
enum ot_status ot_work_new(struct ot_work **out, struct ot_error *err);

/* The text of this content, copied, for a thread to check; while too much lies unread, it
 * is checked here. The content must outlive the work, and nobody else touch it before it
 * is checked. Fails when an earlier one has: see ot_content_accept. */
enum ot_status ot_work_put(struct ot_work *work, struct ot_content *content,
                           const char *text, struct ot_error *err);

/* The same for one in DER, which is not copied and must live as long. */
enum ot_status ot_work_put_der(struct ot_work *work, struct ot_content *content,
                               struct ot_span der, struct ot_error *err);

/* Has the threads begin with what was put: once for all that an answer brought, since to
 * wake one takes about as long as it then works on a content. */
void ot_work_wake(struct ot_work *work);

/* What has been checked since this was asked last, the newest first, each with the next;
 * NULL: nothing. */
struct ot_content *ot_work_checked(struct ot_work *work);

/* Waits until all is checked; the first failure. */
enum ot_status ot_work_finish(struct ot_work *work, struct ot_error *err);

/* What is not checked yet will not be. NULL is fine. */
void ot_work_free(struct ot_work *work);

#endif
