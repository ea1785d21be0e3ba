/* The thread that hears of changes by other servers, where the database tells of them:
 * whoever waits for one (waits.h) is released then. */
#ifndef OT_SERVER_HTTP_HEARER_H
#define OT_SERVER_HTTP_HEARER_H

#include "base/error.h"

struct ot_hearer;
struct ot_server;

/* server outlives it. *out is NULL where the database tells of nothing. */
enum ot_status ot_hearer_start(struct ot_hearer **out, struct ot_server *server,
                               struct ot_error *err);
/* hearer may be NULL. */
void ot_hearer_stop(struct ot_hearer *hearer);

#endif
