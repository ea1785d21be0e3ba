#include "http/meter.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "http/router_internal.h"

/* Beyond the statuses that this server answers with. */
#define OTHER_STATUS 0

static const unsigned metered_statuses[] = {200, 204, 304, 400, 401, 403,         404,
                                            405, 409, 411, 413, 414, 415,         417,
                                            429, 431, 500, 501, 503, OTHER_STATUS};
#define STATUSES (sizeof(metered_statuses) / sizeof(metered_statuses[0]))

static const struct {
    enum ot_method method;
    const char *word;
} metered_methods[] = {
    {OT_METHOD_GET, "GET"},         {OT_METHOD_HEAD, "HEAD"},
    {OT_METHOD_POST, "POST"},       {OT_METHOD_DELETE, "DELETE"},
    {OT_METHOD_OPTIONS, "OPTIONS"}, {OT_METHOD_OTHER, "other"},
};
#define METHODS (sizeof(metered_methods) / sizeof(metered_methods[0]))

/* Of the histogram, in microseconds: from an answer out of memory to one that waits for
 * another writer. */
static const int64_t bounds_us[] = {500,     1000,    2500,   5000,   10000,
                                    25000,   50000,   100000, 250000, 500000,
                                    1000000, 2500000, 5000000};
#define BOUNDS (sizeof(bounds_us) / sizeof(bounds_us[0]))

struct route_meter {
    atomic_ullong requests[METHODS][STATUSES];
    atomic_ullong within[BOUNDS + 1]; /* each in one; the last: longer than any */
    atomic_ullong total_us;
};

struct ot_meter {
    atomic_ullong failures[OT_STATUS_COUNT];
    struct route_meter routes[OT_ROUTES_MAX];
};

enum ot_status ot_meter_new(struct ot_meter **out, struct ot_error *err)
{
    *out = calloc(1, sizeof(**out));
    return *out != NULL ? OT_OK : ot_error_nomem(err);
}

void ot_meter_free(struct ot_meter *meter)
{
    free(meter);
}

void ot_meter_count(struct ot_meter *meter, const struct ot_metered *metered)
{
    struct route_meter *route = &meter->routes[metered->route];
    size_t method = 0, status = 0, bound = 0;

    while (method < METHODS - 1 && metered_methods[method].method != metered->method)
        method++;
    while (status < STATUSES - 1 && metered_statuses[status] != metered->status)
        status++;
    while (bound < BOUNDS && bounds_us[bound] < metered->microseconds)
        bound++;
    atomic_fetch_add(&route->requests[method][status], 1);
    atomic_fetch_add(&route->within[bound], 1);
    atomic_fetch_add(&route->total_us, (unsigned long long)metered->microseconds);
    if (metered->failure != OT_OK)
        atomic_fetch_add(&meter->failures[metered->failure], 1);
}

static void write_requests(const struct route_meter *route, const char *name, FILE *out)
{
    for (size_t m = 0; m < METHODS; m++)
        for (size_t s = 0; s < STATUSES; s++) {
            unsigned long long count = atomic_load(&route->requests[m][s]);

            if (count == 0)
                continue;
            fprintf(out,
                    "orgtrust_server_requests_total{route=\"%s\",method=\"%s\",status=",
                    name, metered_methods[m].word);
            if (metered_statuses[s] == OTHER_STATUS)
                fprintf(out, "\"other\"} %llu\n", count);
            else
                fprintf(out, "\"%u\"} %llu\n", metered_statuses[s], count);
        }
}

static void write_durations(const struct route_meter *route, const char *name, FILE *out)
{
    static const char metric[] = "orgtrust_server_request_duration_seconds";
    unsigned long long count = 0, total_us = atomic_load(&route->total_us);
    unsigned long long within[BOUNDS + 1];

    for (size_t i = 0; i <= BOUNDS; i++)
        count += within[i] = atomic_load(&route->within[i]);
    if (count == 0)
        return;
    for (size_t i = 0, sum = 0; i < BOUNDS; i++) {
        sum += within[i];
        fprintf(out, "%s_bucket{route=\"%s\",le=\"%g\"} %zu\n", metric, name,
                (double)bounds_us[i] / 1e6, sum);
    }
    fprintf(out, "%s_bucket{route=\"%s\",le=\"+Inf\"} %llu\n", metric, name, count);
    fprintf(out, "%s_sum{route=\"%s\"} %llu.%06llu\n", metric, name, total_us / 1000000,
            total_us % 1000000);
    fprintf(out, "%s_count{route=\"%s\"} %llu\n", metric, name, count);
}

static void write_failures(const struct ot_meter *meter, FILE *out)
{
    fputs("# HELP orgtrust_server_database_errors_total Requests that the database "
          "refused.\n"
          "# TYPE orgtrust_server_database_errors_total counter\n",
          out);
    for (int i = OT_OK + 1; i < OT_STATUS_COUNT; i++) {
        unsigned long long count = atomic_load(&meter->failures[i]);

        /* What an alarm is about is there from the start, so that it sees the first. */
        if (count > 0 || i == OT_E_NETWORK || i == OT_E_BUSY || i == OT_E_IO ||
            i == OT_E_NO_SPACE)
            fprintf(out, "orgtrust_server_database_errors_total{kind=\"%s\"} %llu\n",
                    ot_status_word((enum ot_status)i), count);
    }
}

void ot_meter_write(const struct ot_meter *meter, FILE *out)
{
    char name[OT_ROUTE_NAME_MAX];

    fputs("# HELP orgtrust_server_requests_total Requests that were answered.\n"
          "# TYPE orgtrust_server_requests_total counter\n",
          out);
    for (size_t i = 0; ot_router_name(i, name); i++)
        write_requests(&meter->routes[i], name, out);
    fputs("# HELP orgtrust_server_request_duration_seconds From the request line to the "
          "answer.\n"
          "# TYPE orgtrust_server_request_duration_seconds histogram\n",
          out);
    for (size_t i = 0; ot_router_name(i, name); i++)
        write_durations(&meter->routes[i], name, out);
    write_failures(meter, out);
}
