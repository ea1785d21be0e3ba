#include "http/metrics.h"

#include <inttypes.h>
#include <microhttpd.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory_stream.h"
#include "handle/list_tags.h"
#include "http/listener.h"
#include "http/meter.h"
#include "http/server.h"
#include "http/waits.h"
#include "store/host.h"
#include "store/store.h"
#include "store/summary.h"

/* A monitoring system and a load balancer or two. */
#define WATCHERS_MAX 64
#define WATCHER_TIMEOUT_S 10

struct ot_metrics {
    struct ot_server *server;
    struct ot_listener listener;
    struct MHD_Daemon *daemon;
    int64_t started_at;
};

static enum ot_status ask_summary(const struct ot_server *server,
                                  struct ot_summary *summary, struct ot_error *err)
{
    struct ot_db *db = ot_store_lend(server->store);
    enum ot_status status = ot_db_summary(db, ot_clock_unix_s(), summary, err);

    ot_store_return(server->store, db);
    return status;
}

static enum ot_status ask_hosts(const struct ot_server *server,
                                struct ot_host_count *count, struct ot_error *err)
{
    struct ot_db *db = ot_store_lend(server->store);
    enum ot_status status = ot_list_tags_update_if_due(db, err);

    if (status == OT_OK)
        status = ot_db_host_count(db, ot_clock_unix_s(), count, err);
    ot_store_return(server->store, db);
    return status;
}

static void write_gauge(FILE *out, const char *name, const char *help, int64_t value)
{
    fprintf(out,
            "# HELP orgtrust_server_%s %s\n# TYPE orgtrust_server_%s gauge\n"
            "orgtrust_server_%s %" PRId64 "\n",
            name, help, name, name, value);
}

static void write_summary(FILE *out, const struct ot_summary *summary)
{
    fprintf(out,
            "# HELP orgtrust_server_certificates Certificates of the organization; "
            "active: there or in a project.\n"
            "# TYPE orgtrust_server_certificates gauge\n"
            "orgtrust_server_certificates{state=\"active\"} %" PRId64 "\n"
            "orgtrust_server_certificates{state=\"inactive\"} %" PRId64 "\n",
            summary->active, summary->total - summary->active);
    write_gauge(out, "certificates_expired", "Active certificates that have expired.",
                summary->expired);
    if (summary->earliest_end != 0)
        write_gauge(out, "certificates_earliest_end_timestamp_seconds",
                    "When the first of the other active certificates expires.",
                    summary->earliest_end);
}

static void write_hosts(const struct ot_host_count *count, FILE *out)
{
    fprintf(out,
            "# HELP orgtrust_server_hosts Hosts that have reported in the last 30 days; "
            "current: what they have is what is active now.\n"
            "# TYPE orgtrust_server_hosts gauge\n"
            "orgtrust_server_hosts{state=\"current\"} %" PRId64 "\n"
            "orgtrust_server_hosts{state=\"behind\"} %" PRId64 "\n",
            count->total - count->behind, count->behind);
}

/* Asked for at one moment: a change releases thousands who wait. One that came between
 * the two is not yet among the first. */
static void write_flight(const struct ot_server *server, FILE *out)
{
    const unsigned all = atomic_load(&server->in_flight);
    const unsigned waiting = ot_waits_count(server->waits);

    write_gauge(out, "requests_in_flight", "Requests that are being answered.",
                all > waiting ? all - waiting : 0);
    write_gauge(out, "requests_waiting", "Requests that wait for a change.", waiting);
}

static void write_figures(const struct ot_metrics *metrics, FILE *out)
{
    const struct ot_server *server = metrics->server;
    struct ot_error err = OT_ERROR_INIT;
    struct ot_host_count hosts;
    struct ot_summary summary;
    bool is_up = ask_summary(server, &summary, &err) == OT_OK;

    fprintf(out,
            "# HELP orgtrust_server_build_info The version of orgtrust-server.\n"
            "# TYPE orgtrust_server_build_info gauge\n"
            "orgtrust_server_build_info{version=\"%s\"} 1\n",
            ORGTRUST_VERSION);
    write_gauge(out, "start_timestamp_seconds", "When this process began to serve.",
                metrics->started_at);
    write_flight(server, out);
    if (atomic_load(&server->tls_ends_at) != 0)
        write_gauge(out, "tls_certificate_end_timestamp_seconds",
                    "When the server's own TLS certificate ends.",
                    atomic_load(&server->tls_ends_at));
    write_gauge(out, "database_up", "Whether the database answers.", is_up);
    if (is_up)
        write_summary(out, &summary);
    if (is_up && ask_hosts(server, &hosts, &err) == OT_OK)
        write_hosts(&hosts, out);
    ot_meter_write(server->meter, out);
}

/* Where a load balancer is to send requests: not where they could not be answered, and
 * not to one that is about to end. */
static unsigned write_readiness(const struct ot_metrics *metrics, FILE *out)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_summary summary;

    if (atomic_load(&metrics->server->stopping)) {
        fputs("stopping\n", out);
        return MHD_HTTP_SERVICE_UNAVAILABLE;
    }
    if (ask_summary(metrics->server, &summary, &err) != OT_OK) {
        fprintf(out, "the database does not answer: %s\n", ot_status_word(err.status));
        return MHD_HTTP_SERVICE_UNAVAILABLE;
    }
    fputs("ready\n", out);
    return MHD_HTTP_OK;
}

static unsigned write_answer(const struct ot_metrics *metrics, const char *path,
                             FILE *out)
{
    if (strcmp(path, "/readyz") == 0)
        return write_readiness(metrics, out);
    if (strcmp(path, "/metrics") == 0)
        write_figures(metrics, out);
    else if (strcmp(path, "/healthz") == 0)
        fputs("alive\n", out);
    else {
        fputs("There are /metrics, /healthz and /readyz.\n", out);
        return MHD_HTTP_NOT_FOUND;
    }
    return MHD_HTTP_OK;
}

static enum MHD_Result send_text(struct MHD_Connection *connection, unsigned status,
                                 char *text, size_t len)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE);
    enum MHD_Result result;

    if (response == NULL) {
        free(text);
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                            "text/plain; version=0.0.4; charset=utf-8");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result answer_watcher(void *cls, struct MHD_Connection *connection,
                                      const char *url, const char *method,
                                      const char *version, const char *upload_data,
                                      size_t *upload_data_size, void **con_cls)
{
    bool reads = strcmp(method, MHD_HTTP_METHOD_GET) == 0 ||
                 strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
    unsigned status = MHD_HTTP_METHOD_NOT_ALLOWED;
    char *text = NULL;
    size_t len = 0;
    FILE *out;

    (void)version;
    (void)upload_data;
    /* At the first call the headers are there, and a body may come. */
    if (*con_cls == NULL && reads) {
        *con_cls = cls;
        return MHD_YES;
    }
    if (*upload_data_size != 0)
        return MHD_NO;
    out = open_memstream(&text, &len);
    if (out == NULL)
        return MHD_NO;
    if (reads)
        status = write_answer(cls, url, out);
    if (ot_memory_stream_end(out, &text) == NULL)
        return MHD_NO;
    return send_text(connection, status, text, len);
}

enum ot_status ot_metrics_start(struct ot_metrics **out, const char *where,
                                struct ot_server *server, struct ot_error *err)
{
    struct ot_metrics *metrics = calloc(1, sizeof(*metrics));
    enum ot_status status;

    *out = NULL;
    if (metrics == NULL)
        return ot_error_nomem(err);
    metrics->server = server;
    metrics->started_at = ot_clock_unix_s();
    status = ot_listener_open_own(&metrics->listener, "--metrics", where, err);
    if (status != OT_OK) {
        free(metrics);
        return status;
    }
    metrics->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC, 0, NULL, NULL, answer_watcher,
        metrics, MHD_OPTION_LISTEN_SOCKET, metrics->listener.fd,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)WATCHERS_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)WATCHER_TIMEOUT_S, MHD_OPTION_END);
    if (metrics->daemon == NULL) {
        close(metrics->listener.fd);
        free(metrics);
        return ot_error_set(err, OT_E_INTERNAL,
                            "the HTTP library did not start for --metrics");
    }
    *out = metrics;
    return OT_OK;
}

void ot_metrics_stop(struct ot_metrics *metrics)
{
    if (metrics == NULL)
        return;
    MHD_stop_daemon(metrics->daemon); /* closes the socket */
    free(metrics);
}

const char *ot_metrics_address(const struct ot_metrics *metrics)
{
    return metrics->listener.address;
}
