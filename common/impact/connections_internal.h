/* The servers that this machine is connected to now, as the system's table of TCP
 * connections has them: the machine's, or that of the network namespace. */
#ifndef OT_IMPACT_CONNECTIONS_INTERNAL_H
#define OT_IMPACT_CONNECTIONS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/limits.h"
#include "config/endpoint.h"

/* Each once, with its address for its name. Who came to us is none of them: a connection
 * on a port that the machine listens on is somebody else's. Nor are connections of this
 * process, which asks the API. */
struct ot_connections {
    /* On a port where TLS comes first: nobody minds a handshake there. */
    struct ot_endpoint tls[OT_IMPACT_SERVERS_MAX];
    size_t tls_count;
    /* On any other port below those that clients are given. */
    struct ot_endpoint others[OT_IMPACT_SERVERS_MAX];
    size_t other_count;
    size_t left_out; /* connections to more servers than fit */
};

enum ot_status ot_connections_read(struct ot_connections *connections,
                                   struct ot_error *err);

#endif
