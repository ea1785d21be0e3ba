/* libmicrohttpd's threads, from their start to their end.
 *
 * The library shows one certificate from its start on. For another one it is started a
 * second time and is given the connections that come from then on; the former one ends
 * once it has none any more. */
#ifndef OT_SERVER_HTTP_DAEMON_H
#define OT_SERVER_HTTP_DAEMON_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/error.h"

struct ot_server;
struct ot_tls;

struct ot_daemon;

/* Serves the connections that it is given; TLS where there is a certificate. What tls has
 * is taken over, unless this fails. The library has logged why, if that is asked for.
 * server outlives it. */
enum ot_status ot_daemon_start(struct ot_daemon **out, struct ot_server *server,
                               struct ot_tls *tls, unsigned workers, unsigned connections,
                               struct ot_error *err);

/* Whether there are few enough former ones; as what follows, for the thread that started
 * it. */
bool ot_daemon_may_renew(const struct ot_daemon *daemon);
/* From now on who connects is shown this certificate; who has connected is answered once
 * more and then asked to connect again. What tls has is taken over, unless this fails:
 * then nothing has changed. */
enum ot_status ot_daemon_renew(struct ot_daemon *daemon, struct ot_tls *tls,
                               struct ot_error *err);
/* Ends the former ones that have no connection any more. */
void ot_daemon_sweep(struct ot_daemon *daemon);

/* Gives it the connection fd, which is closed in any case. Thread-safe. False: it takes
 * no more. */
bool ot_daemon_add(struct ot_daemon *daemon, int fd, const struct sockaddr *from,
                   socklen_t len);

/* Returns once all threads have ended. */
void ot_daemon_stop(struct ot_daemon *daemon);

#endif
