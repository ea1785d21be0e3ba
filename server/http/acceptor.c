#include "http/acceptor.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/daemon.h"
#include "http/guests.h"
#include "http/server.h"
#include "shared/log.h"

/* Where the system has no descriptor or memory for a connection: when to look again. */
#define EXHAUSTED_PAUSE_MS 10

struct ot_acceptor {
    pthread_t thread;
    struct ot_daemon *daemon;
    struct ot_server *server;
    int listener, stop; /* stop: an eventfd */
};

/* Whether the next one may be asked for at once. */
static bool accept_one(struct ot_acceptor *acceptor, int *pause_ms)
{
    struct sockaddr_storage from;
    socklen_t len = sizeof(from);
    int fd = accept4(acceptor->listener, (struct sockaddr *)&from, &len,
                     SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            *pause_ms = EXHAUSTED_PAUSE_MS;
        return false; /* nobody waits; or a connection that is gone again */
    }
    ot_guests_arrive(acceptor->server->guests, fd, ot_log_clock());
    if (!ot_daemon_add(acceptor->daemon, fd, (struct sockaddr *)&from, len))
        ot_guests_turn_away(acceptor->server->guests, fd);
    return true;
}

static bool is_stopped(const struct ot_acceptor *acceptor, int pause_ms)
{
    struct pollfd stop = {.fd = acceptor->stop, .events = POLLIN};

    return poll(&stop, 1, pause_ms) > 0;
}

static void *accept_all(void *cls)
{
    struct ot_acceptor *acceptor = cls;
    struct pollfd events[] = {
        {.fd = acceptor->listener, .events = POLLIN},
        {.fd = acceptor->stop, .events = POLLIN},
    };
    int pause_ms = 0;

    while (!is_stopped(acceptor, pause_ms)) {
        pause_ms = 0;
        if (!accept_one(acceptor, &pause_ms) && pause_ms == 0)
            poll(events, 2, -1);
    }
    return NULL;
}

static void free_acceptor(struct ot_acceptor *acceptor)
{
    if (acceptor->stop >= 0)
        close(acceptor->stop);
    free(acceptor);
}

enum ot_status ot_acceptor_start(struct ot_acceptor **out, int fd,
                                 struct ot_daemon *daemon, struct ot_server *server,
                                 struct ot_error *err)
{
    struct ot_acceptor *acceptor = calloc(1, sizeof(*acceptor));

    *out = NULL;
    if (acceptor == NULL)
        return ot_error_nomem(err);
    *acceptor = (struct ot_acceptor){
        .daemon = daemon,
        .server = server,
        .listener = fd,
        .stop = eventfd(0, EFD_CLOEXEC),
    };
    if (acceptor->stop < 0 ||
        pthread_create(&acceptor->thread, NULL, accept_all, acceptor) != 0) {
        free_acceptor(acceptor);
        return ot_error_set(err, OT_E_INTERNAL,
                            "cannot start the thread that takes connections");
    }
    *out = acceptor;
    return OT_OK;
}

void ot_acceptor_stop(struct ot_acceptor *acceptor)
{
    eventfd_write(acceptor->stop, 1);
    pthread_join(acceptor->thread, NULL);
    free_acceptor(acceptor);
}
