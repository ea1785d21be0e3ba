/* A listening socket that a service manager hands over, sd_listen_fds(3)'s protocol: of
 * orgtrust-server.socket, or one that it was given by an earlier run to keep. */
#ifndef OT_SERVER_HTTP_HANDED_SOCKET_H
#define OT_SERVER_HTTP_HANDED_SOCKET_H

#include <netdb.h>

#include "base/error.h"

/* What the manager calls a socket that it keeps for us (FDNAME=). */
#define OT_KEPT_SOCKET "orgtrust-listen"

/* *fd is the one that is bound to one of the addresses, of which port 0 is any; -1: none
 * was handed over. One that was kept and is bound elsewhere is given up: --listen has
 * changed. OT_E_USAGE: the manager's own is. text: --listen. */
enum ot_status ot_handed_socket(int *fd, const struct addrinfo *addresses,
                                const char *text, struct ot_error *err);

#endif
