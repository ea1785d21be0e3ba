#include "http/daemon.h"

#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/error.h"
#include "http/connection_internal.h"
#include "http/framing_internal.h"
#include "http/server.h"
#include "http/tls.h"
#include "shared/limits.h"
#include "shared/log.h"

/* Connections that the library counts and guests.h does not any more: they are closed. */
#define SPARE 256

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
static unsigned limit_of_library(unsigned connections, unsigned workers)
{
    return (connections + SPARE) * workers;
}

struct ot_daemon *ot_daemon_start(struct ot_server *server, const struct ot_tls *tls,
                                  unsigned workers, unsigned connections)
{
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
                           ot_framing_flags() | (tls->cert != NULL ? MHD_USE_TLS : 0u);

    return (struct ot_daemon *)MHD_start_daemon(
        flags, 0, NULL, NULL, ot_connection_handle, server,
        /* First, so that it hears of what is wrong with the others. */
        MHD_OPTION_EXTERNAL_LOGGER, library_log, server, MHD_OPTION_THREAD_POOL_SIZE,
        workers, MHD_OPTION_CONNECTION_LIMIT, limit_of_library(connections, workers),
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)OT_CONNECTION_MEMORY,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)OT_IDLE_TIMEOUT_S,
        MHD_OPTION_URI_LOG_CALLBACK, ot_connection_target, server,
        MHD_OPTION_UNESCAPE_CALLBACK, ot_connection_keep_escapes, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, ot_connection_completed, server,
        MHD_OPTION_NOTIFY_CONNECTION, ot_connection_notify, server, MHD_OPTION_ARRAY,
        tls->cert != NULL ? tls_options : no_options, MHD_OPTION_END);
}

bool ot_daemon_add(struct ot_daemon *daemon, int fd, const struct sockaddr *from,
                   socklen_t len)
{
    return MHD_add_connection((struct MHD_Daemon *)daemon, fd, from, len) == MHD_YES;
}

void ot_daemon_stop(struct ot_daemon *daemon)
{
    MHD_stop_daemon((struct MHD_Daemon *)daemon);
}
