/* Serving until a signal asks to stop. */
#ifndef OT_SERVER_SERVE_INTERNAL_H
#define OT_SERVER_SERVE_INTERNAL_H

#include "base/error.h"

struct ot_options;

/* Prints "listening on URL" to standard output once the port answers. SIGTERM and SIGINT
 * stop it: no new connection, the requests in flight finish (a second signal does not
 * wait for them), the database is closed; OT_OK. */
enum ot_status ot_serve(const struct ot_options *options, struct ot_error *err);

#endif
