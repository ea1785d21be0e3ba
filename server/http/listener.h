/* The listening socket. */
#ifndef OT_SERVER_HTTP_LISTENER_H
#define OT_SERVER_HTTP_LISTENER_H

#include <stdbool.h>

#include "base/error.h"

struct ot_listener {
    int fd;
    char address[96]; /* "127.0.0.1:8443", "[::1]:8443": as bound, the port never 0 */
    bool loopback;
    bool handed; /* by a service manager, which has it open as well */
};

/* text: HOST:PORT, HOST a name, an IPv4 address or an IPv6 address in brackets; port 0
 * has the system choose. A socket of that address that a service manager has handed over
 * is taken instead of a new one. OT_E_USAGE: not of that form, or the manager's socket is
 * of another address; OT_E_NETWORK: cannot be bound. */
enum ot_status ot_listener_open(struct ot_listener *listener, const char *text,
                                struct ot_error *err);

/* The same, always a new one; option is named where text is not of that form. */
enum ot_status ot_listener_open_own(struct ot_listener *listener, const char *option,
                                    const char *text, struct ot_error *err);

#endif
