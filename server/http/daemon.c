#include "http/daemon.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "http/connection_internal.h"
#include "http/framing_internal.h"
#include "http/server.h"
#include "http/tls.h"
#include "http/waits.h"
#include "shared/limits.h"
#include "shared/log.h"

/* Connections that the library counts and guests.h does not any more: they are closed. */
#define SPARE 256

/* A connection that was handed over is counted by then. */
#define HANDED_OVER_US INT64_C(2000000)

/* Threads of the library, and the pair that they show. */
struct service {
    struct service *former; /* from the newest to the oldest */
    struct MHD_Daemon *library;
    struct ot_tls tls;
    int64_t replaced_us;
};

struct ot_daemon {
    struct ot_server *server;
    unsigned workers, connections;
    pthread_mutex_t lock; /* for which one is the newest */
    struct service *newest;
};

/* The library's own remarks (a peer that spoke no TLS, a reset) are of interest to nobody
 * but who asked for a log. */
static void library_log(void *cls, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
static void library_log(void *cls, const char *format, va_list args)
{
    const struct ot_server *server = cls;
    struct ot_error line = OT_ERROR_INIT;
    char text[OT_ERROR_MAX];
    int len;

    if (!server->log)
        return;
    len = vsnprintf(text, sizeof(text), format, args);
    if (len > 0 && (size_t)len < sizeof(text) && text[len - 1] == '\n')
        text[len - 1] = '\0';
    ot_error_set(&line, OT_E_NETWORK, "http: %s", text);
    ot_log_failure(&line);
}

/* Each worker may have all the connections that guests.h lets in: it counts them, and not
 * the library, which would stop to take any. */
static unsigned limit_of_library(const struct ot_daemon *daemon)
{
    return (daemon->connections + SPARE) * daemon->workers;
}

static struct MHD_Daemon *start_library(const struct ot_daemon *daemon,
                                        const struct ot_tls *tls)
{
    struct ot_server *server = daemon->server;
    const struct MHD_OptionItem tls_options[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, tls->cert},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, tls->key},
        {MHD_OPTION_HTTPS_PRIORITIES, 0,
         (char[]){"SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"}},
        {MHD_OPTION_END, 0, NULL},
    };
    const struct MHD_OptionItem no_options[] = {{MHD_OPTION_END, 0, NULL}};
    const unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC |
                           MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG |
                           MHD_ALLOW_SUSPEND_RESUME | ot_framing_flags() |
                           (tls->cert != NULL ? MHD_USE_TLS : 0u);

    return MHD_start_daemon(
        flags, 0, NULL, NULL, ot_connection_handle, server,
        /* First, so that it hears of what is wrong with the others. */
        MHD_OPTION_EXTERNAL_LOGGER, library_log, server, MHD_OPTION_THREAD_POOL_SIZE,
        daemon->workers, MHD_OPTION_CONNECTION_LIMIT, limit_of_library(daemon),
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)OT_CONNECTION_MEMORY,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)OT_IDLE_TIMEOUT_S,
        MHD_OPTION_URI_LOG_CALLBACK, ot_connection_target, server,
        MHD_OPTION_UNESCAPE_CALLBACK, ot_connection_keep_escapes, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, ot_connection_completed, server,
        MHD_OPTION_NOTIFY_CONNECTION, ot_connection_notify, server, MHD_OPTION_ARRAY,
        tls->cert != NULL ? tls_options : no_options, MHD_OPTION_END);
}

static enum ot_status start_service(const struct ot_daemon *daemon, struct service **out,
                                    struct ot_tls *tls, struct ot_error *err)
{
    *out = calloc(1, sizeof(**out));
    if (*out == NULL)
        return ot_error_nomem(err);
    (*out)->library = start_library(daemon, tls);
    if ((*out)->library == NULL) {
        free(*out);
        return ot_error_set(err, OT_E_INTERNAL,
                            "the HTTP library did not start%s; --log shows its reason",
                            tls->cert != NULL
                                ? " (it may not support the kind of the TLS "
                                  "key)"
                                : "");
    }
    (*out)->tls = *tls;
    *tls = (struct ot_tls){.cert = NULL};
    return OT_OK;
}

static void end_service(struct service *service)
{
    MHD_stop_daemon(service->library);
    ot_tls_clear(&service->tls);
    free(service);
}

enum ot_status ot_daemon_start(struct ot_daemon **out, struct ot_server *server,
                               struct ot_tls *tls, unsigned workers, unsigned connections,
                               struct ot_error *err)
{
    struct ot_daemon *daemon = calloc(1, sizeof(*daemon));
    enum ot_status status;

    *out = NULL;
    if (daemon == NULL)
        return ot_error_nomem(err);
    daemon->server = server;
    daemon->workers = workers;
    daemon->connections = connections;
    status = start_service(daemon, &daemon->newest, tls, err);
    if (status != OT_OK) {
        free(daemon);
        return status;
    }
    pthread_mutex_init(&daemon->lock, NULL);
    *out = daemon;
    return OT_OK;
}

bool ot_daemon_may_renew(const struct ot_daemon *daemon)
{
    unsigned count = 0;

    for (const struct service *at = daemon->newest; at != NULL; at = at->former)
        count++;
    return count < OT_SERVICES_MAX;
}

enum ot_status ot_daemon_renew(struct ot_daemon *daemon, struct ot_tls *tls,
                               struct ot_error *err)
{
    struct service *service;
    enum ot_status status = start_service(daemon, &service, tls, err);

    if (status != OT_OK)
        return status;
    pthread_mutex_lock(&daemon->lock);
    service->former = daemon->newest;
    daemon->newest = service;
    pthread_mutex_unlock(&daemon->lock);
    /* Whoever came before is of the former one. */
    service->former->replaced_us = ot_log_clock();
    atomic_store(&daemon->server->renewed_us, service->former->replaced_us);
    ot_waits_release_all(daemon->server->waits);
    return OT_OK;
}

static bool has_connections(const struct service *service)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(service->library, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

    return info == NULL || info->num_connections != 0;
}

void ot_daemon_sweep(struct ot_daemon *daemon)
{
    const int64_t now_us = ot_log_clock();
    struct service **at = &daemon->newest->former;

    while (*at != NULL) {
        struct service *service = *at;

        if (now_us - service->replaced_us < HANDED_OVER_US || has_connections(service)) {
            at = &service->former;
            continue;
        }
        *at = service->former;
        end_service(service);
    }
}

bool ot_daemon_add(struct ot_daemon *daemon, int fd, const struct sockaddr *from,
                   socklen_t len)
{
    bool is_taken;

    pthread_mutex_lock(&daemon->lock);
    is_taken = MHD_add_connection(daemon->newest->library, fd, from, len) == MHD_YES;
    pthread_mutex_unlock(&daemon->lock);
    return is_taken;
}

void ot_daemon_stop(struct ot_daemon *daemon)
{
    struct service *service;

    while ((service = daemon->newest) != NULL) {
        daemon->newest = service->former;
        end_service(service);
    }
    pthread_mutex_destroy(&daemon->lock);
    free(daemon);
}
