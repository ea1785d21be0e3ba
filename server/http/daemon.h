/* libmicrohttpd's threads, from their start to their end. */
#ifndef OT_SERVER_HTTP_DAEMON_H
#define OT_SERVER_HTTP_DAEMON_H

struct ot_server;
struct ot_tls;

struct ot_daemon;

/* Serves what comes in at the listening socket fd, which it closes in the end; TLS where
 * there is a certificate. NULL: it does not start, and has logged why if that is asked
 * for. server and tls outlive it. */
struct ot_daemon *ot_daemon_start(struct ot_server *server, int fd,
                                  const struct ot_tls *tls, unsigned workers,
                                  unsigned connections);

/* Returns once all threads have ended. */
void ot_daemon_stop(struct ot_daemon *daemon);

#endif
