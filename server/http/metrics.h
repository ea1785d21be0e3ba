/* The listener for those who watch the server: /metrics, /healthz, /readyz. It is apart
 * from the API's: who may scrape needs no key, and who has none costs the API nothing. */
#ifndef OT_SERVER_HTTP_METRICS_H
#define OT_SERVER_HTTP_METRICS_H

#include "base/error.h"

struct ot_server;

struct ot_metrics;

/* Listens at HOST:PORT, as ot_listener_open has it. server outlives it, and its store has
 * a connection more than there are workers. */
enum ot_status ot_metrics_start(struct ot_metrics **out, const char *where,
                                struct ot_server *server, struct ot_error *err);
void ot_metrics_stop(struct ot_metrics *metrics); /* NULL: does nothing */

/* "127.0.0.1:9464": as bound, the port never 0. */
const char *ot_metrics_address(const struct ot_metrics *metrics);

#endif
