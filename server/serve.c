#include "serve_internal.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "auth/rate.h"
#include "auth/wrong_keys.h"
#include "base/service_manager.h"
#include "command/options.h"
#include "handle/ends.h"
#include "http/acceptor.h"
#include "http/daemon.h"
#include "http/guests.h"
#include "http/handed_socket.h"
#include "http/hearer.h"
#include "http/listener.h"
#include "http/meter.h"
#include "http/metrics.h"
#include "http/renewal.h"
#include "http/server.h"
#include "http/tls.h"
#include "http/waits.h"
#include "message/answers.h"
#include "shared/limits.h"
#include "shared/log.h"
#include "store/openings.h"
#include "store/store.h"

/* Descriptors besides the connections': database files, epoll, standard ones. */
#define OTHER_FILES 256

/* Between two looks at who takes too long. */
#define SWEEP_STEP_MS 1000

/* Between two looks at whether the requests in flight have finished. */
#define DRAIN_STEP_MS 5

static unsigned worker_count(const char *db)
{
    const unsigned least = ot_store_is_url(db) ? OT_WORKERS_SHARED_MIN : OT_WORKERS_MIN;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    if (processors < (long)least)
        return least;
    return processors > OT_WORKERS_MAX ? OT_WORKERS_MAX : (unsigned)processors;
}

/* How many connections fit, and how many more on which a request is held. */
struct capacity {
    unsigned connections, waits;
};

/* As many descriptors as connections may come, if we are allowed to. */
static struct capacity reserve_files(void)
{
    const rlim_t needed = OT_CONNECTIONS_LIMIT + OTHER_FILES;
    const rlim_t wanted = needed + OT_WAITS_MAX;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return (struct capacity){OT_CONNECTIONS_LIMIT / 8, 0};
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
        setrlimit(RLIMIT_NOFILE, &limit);
        getrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur >= needed)
        return (struct capacity){OT_CONNECTIONS_LIMIT,
                                 limit.rlim_cur >= wanted
                                     ? OT_WAITS_MAX
                                     : (unsigned)(limit.rlim_cur - needed)};
    return (struct capacity){limit.rlim_cur > 2 * OTHER_FILES
                                 ? (unsigned)limit.rlim_cur - OTHER_FILES
                                 : (unsigned)limit.rlim_cur / 2,
                             0};
}

/* The signal that came; -1: none in this time. */
static int wait_for_signal(const sigset_t *signals, int timeout_ms)
{
    const struct timespec step = {timeout_ms / 1000, timeout_ms % 1000 * 1000000L};
    int caught;

    do {
        caught = sigtimedwait(signals, NULL, &step);
    } while (caught < 0 && errno == EINTR);
    return caught;
}

static bool is_to_stop(int caught)
{
    return caught == SIGTERM || caught == SIGINT;
}

/* Who has connected is about to ask: the answer is not to be a closed connection. */
static bool is_serving(const struct ot_server *server, int waited_ms)
{
    const int64_t since_us = ot_log_clock() - INT64_C(1000) * OT_DRAIN_HEADS_MS;

    if (waited_ms < OT_DRAIN_HEADS_MS && ot_guests_expect(server->guests, since_us))
        return true;
    if (waited_ms < OT_DRAIN_REQUESTS_MS)
        return atomic_load(&server->in_flight) != 0;
    return atomic_load(&server->answering) != 0;
}

static void drain_requests(struct ot_server *server, const sigset_t *signals)
{
    int waited = 0;

    while (waited < OT_DRAIN_REPLIES_MS && is_serving(server, waited) &&
           !is_to_stop(wait_for_signal(signals, DRAIN_STEP_MS)))
        waited += DRAIN_STEP_MS;
}

static void announce_listener(const struct ot_listener *listener, bool tls,
                              const struct ot_metrics *metrics)
{
    struct ot_error warning = OT_ERROR_INIT;

    if (!tls && !listener->loopback) {
        ot_error_set(&warning, OT_E_UNSAFE,
                     "warning: keys cross the network unencrypted on %s: use --tls-cert "
                     "and --tls-key, or listen on a loopback address behind a TLS front "
                     "end",
                     listener->address);
        ot_log_failure(&warning);
    }
    printf("listening on %s://%s/v1\n", tls ? "https" : "http", listener->address);
    if (metrics != NULL)
        printf("metrics on http://%s/metrics\n", ot_metrics_address(metrics));
    fflush(stdout);
}

/* Requests carry out ends as well, each before it is answered: this is for the audit log,
 * which then has the right time where nobody asks, and for who waits. */
static bool look_for_changes(struct ot_server *server)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_db *db = ot_store_lend(server->store);
    enum ot_status status = ot_ends_carry_out(db, OT_WRITING_NOW, &err);

    if (status == OT_OK)
        status = ot_waits_look(server->waits, db, &err);
    ot_store_return(server->store, db);
    if (status == OT_OK || status == OT_E_BUSY)
        return true; /* whoever writes is done at the next look */
    ot_log_failure(&err);
    return false;
}

static void wait_and_sweep(struct ot_server *server, struct ot_renewal *renewal,
                           const sigset_t *signals)
{
    unsigned pause_s = 0;
    int caught;

    do {
        ot_renewal_step(renewal);
        ot_guests_sweep(server->guests, ot_log_clock());
        ot_waits_sweep(server->waits, ot_log_clock());
        if (pause_s > 0)
            pause_s--;
        else if (!look_for_changes(server))
            pause_s = OT_ENDS_RETRY_S;
        caught = wait_for_signal(signals, SWEEP_STEP_MS);
        renewal->is_asked_for |= caught == SIGHUP;
    } while (!is_to_stop(caught));
}

/* Before any thread exists: all of them leave the signals to this one. */
static void take_signals(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, signals, NULL);
    /* A peer that is gone and a file that may not grow are errors, not the end. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

/* A service manager keeps the socket over a restart: who connects meanwhile waits. */
static void tell_manager(const struct ot_listener *listener)
{
    if (!listener->handed)
        ot_notify_keep(listener->fd, OT_KEPT_SOCKET);
    ot_notify("READY=1");
}

static enum ot_status serve_until_stopped(struct ot_server *server,
                                          struct ot_listener *listener,
                                          struct ot_renewal *renewal,
                                          const struct ot_metrics *metrics,
                                          const sigset_t *signals, struct ot_error *err)
{
    struct ot_acceptor *acceptor;
    enum ot_status status =
        ot_acceptor_start(&acceptor, listener->fd, renewal->daemon, server, err);

    if (status != OT_OK)
        return status;
    announce_listener(listener, renewal->cert_path != NULL, metrics);
    tell_manager(listener);
    wait_and_sweep(server, renewal, signals);
    ot_notify("STOPPING=1");
    atomic_store(&server->stopping, true);
    ot_acceptor_stop(acceptor);
    ot_waits_close(server->waits);
    /* From now on who comes is refused, unless a service manager keeps the socket. */
    close(listener->fd);
    listener->fd = -1;
    drain_requests(server, signals);
    return OT_OK;
}

static enum ot_status run_until_stopped(struct ot_server *server,
                                        const struct ot_options *options,
                                        struct ot_listener *listener, struct ot_tls *tls,
                                        unsigned workers, unsigned connections,
                                        struct ot_error *err)
{
    struct ot_renewal renewal = {
        .server = server, .cert_path = options->tls_cert, .key_path = options->tls_key};
    struct ot_metrics *metrics = NULL;
    struct ot_hearer *hearer = NULL;
    enum ot_status status;
    sigset_t signals;

    take_signals(&signals);
    atomic_store(&server->tls_ends_at, tls->ends_at);
    status = ot_daemon_start(&renewal.daemon, server, tls, workers, connections, err);
    if (status != OT_OK)
        return status;
    if (options->metrics != NULL)
        status = ot_metrics_start(&metrics, options->metrics, server, err);
    if (status == OT_OK)
        status = ot_hearer_start(&hearer, server, err);
    if (status == OT_OK)
        status = serve_until_stopped(server, listener, &renewal, metrics, &signals, err);
    ot_metrics_stop(metrics);
    ot_hearer_stop(hearer);
    ot_daemon_stop(renewal.daemon);
    return status;
}

enum ot_status ot_serve(const struct ot_options *options, struct ot_error *err)
{
    struct ot_server server = {.settings = options->settings, .log = options->log};
    struct ot_listener listener = {.fd = -1};
    struct ot_tls tls = {.cert = NULL};
    const unsigned workers = worker_count(options->db);
    const struct capacity room = reserve_files();
    const struct ot_guest_limits limits = {
        .per_address = options->connections_per_address != 0
                           ? options->connections_per_address
                           : room.connections / OT_ADDRESS_SHARE,
        .max = room.connections,
        .held_per_address = room.waits / OT_WAITS_ADDRESS_SHARE,
        .held_max = room.waits,
    };
    enum ot_status status = OT_OK;

    if (options->tls_cert != NULL)
        status = ot_tls_load(&tls, options->tls_cert, options->tls_key, err);
    if (status == OT_OK)
        status = ot_rate_new(&server.rate, options->rate_limit, err);
    if (status == OT_OK)
        status = ot_wrong_keys_new(&server.wrong_keys, err);
    if (status == OT_OK)
        status = ot_guests_new(&server.guests, &limits, err);
    if (status == OT_OK)
        status = ot_waits_new(&server.waits, room.waits, err);
    if (status == OT_OK)
        status = ot_meter_new(&server.meter, err);
    /* One for each worker, one for us, and one for who looks at the metrics. */
    if (status == OT_OK)
        status = ot_store_open(&server.store, options->db,
                               workers + 1 + (options->metrics != NULL), err);
    if (status == OT_OK)
        status = ot_answers_new(&server.answers, err);
    if (status == OT_OK && ot_store_is_url(options->db))
        status = ot_openings_new(&server.openings, err);
    if (status == OT_OK)
        status = ot_listener_open(&listener, options->listen, err);
    if (status == OT_OK)
        status = run_until_stopped(&server, options, &listener, &tls, workers,
                                   room.connections + room.waits, err);

    if (listener.fd >= 0)
        close(listener.fd);
    ot_store_close(server.store);
    ot_answers_free(server.answers);
    ot_openings_free(server.openings);
    ot_guests_free(server.guests);
    ot_waits_free(server.waits);
    ot_meter_free(server.meter);
    ot_wrong_keys_free(server.wrong_keys);
    ot_rate_free(server.rate);
    ot_tls_clear(&tls);
    return status;
}
