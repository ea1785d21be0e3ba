/* The thread that takes connections from the listening socket.
 *
 * It, and not the HTTP library: a service manager may keep the socket over a restart, so
 * that it must not be shut down, and the library has no other way to take no more. In
 * 0.9.75 MHD_quiesce_daemon() aborts the process if a worker takes the socket out of its
 * epoll set at the same moment. */
#ifndef OT_SERVER_HTTP_ACCEPTOR_H
#define OT_SERVER_HTTP_ACCEPTOR_H

#include "base/error.h"

struct ot_acceptor;
struct ot_daemon;
struct ot_server;

/* All of them outlive it; the socket does not block. */
enum ot_status ot_acceptor_start(struct ot_acceptor **out, int fd,
                                 struct ot_daemon *daemon, struct ot_server *server,
                                 struct ot_error *err);

/* From now on no connection is taken: who comes waits at the socket, as long as somebody
 * has it open. */
void ot_acceptor_stop(struct ot_acceptor *acceptor);

#endif
