/* A TLS server on loopback, in a thread, and what it has seen of its clients.
 *
 * It is the second witness of every trial: a client that refuses a certificate does not
 * finish the handshake, whatever it prints. */
#ifndef OT_CLI_DOCTOR_TLS_SERVER_INTERNAL_H
#define OT_CLI_DOCTOR_TLS_SERVER_INTERNAL_H

#include "base/error.h"

struct ot_authority;

struct ot_tls_server;

struct ot_tls_seen {
    unsigned begun;     /* clients that sent something */
    unsigned completed; /* those that finished the handshake */
    unsigned asked;     /* and then sent a request */
};

/* On a port of 127.0.0.1 that the kernel chose. */
enum ot_status ot_tls_server_start(struct ot_tls_server **out,
                                   const struct ot_authority *authority,
                                   struct ot_error *err);
unsigned ot_tls_server_port(const struct ot_tls_server *server);

/* What came since the last call; all who connected before it have been dealt with. */
enum ot_status ot_tls_server_take(struct ot_tls_server *server, struct ot_tls_seen *seen,
                                  struct ot_error *err);

void ot_tls_server_stop(struct ot_tls_server *server); /* NULL is fine */

#endif
