/* libmicrohttpd's threads, from their start to their end. */
#ifndef OT_SERVER_HTTP_DAEMON_H
#define OT_SERVER_HTTP_DAEMON_H

#include <stdbool.h>
#include <sys/socket.h>

struct ot_server;
struct ot_tls;

struct ot_daemon;

/* Serves the connections that it is given; TLS where there is a certificate. NULL: it
 * does not start, and has logged why if that is asked for. server and tls outlive it. */
struct ot_daemon *ot_daemon_start(struct ot_server *server, const struct ot_tls *tls,
                                  unsigned workers, unsigned connections);

/* Gives it the connection fd, which is closed in any case. Thread-safe. False: it takes
 * no more. */
bool ot_daemon_add(struct ot_daemon *daemon, int fd, const struct sockaddr *from,
                   socklen_t len);

/* Returns once all threads have ended. */
void ot_daemon_stop(struct ot_daemon *daemon);

#endif
