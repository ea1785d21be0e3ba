#include "http/http.h"

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/secret.h"
#include "http/http_endpoint_internal.h"
#include "http/http_memory_internal.h"
#include "http/http_pace_internal.h"
#include "http/http_request.h"
#include "http/http_retry_internal.h"
#include "http/http_transfer_internal.h"

/* How long a poll lasts at most: the stop flag is looked at in between, and the pulse
 * felt. */
#define POLL_MS 100

const struct ot_http_tuning ot_http_default_tuning = {
    .retries = OT_RETRIES_MAX,
    .retry_first_ms = OT_RETRY_FIRST_MS,
    .retry_longest_ms = OT_RETRY_LONGEST_MS,
    .retry_after_max_ms = OT_RETRY_AFTER_MAX_MS,
    .deadline_ms = OT_SYNC_DEADLINE_MS,
    .in_flight = OT_REQUESTS_IN_FLIGHT,
    .connections = OT_CONNECTIONS_MAX,
    .low_speed_s = OT_LOW_SPEED_SECONDS,
};

struct run;

struct ot_http {
    CURLM *multi;
    struct ot_endpoint endpoint;
    struct ot_http_tuning tuning;
    struct ot_transfer *transfers; /* tuning.in_flight of them */
    int64_t deadline_ms;           /* monotonic */
    bool multiplexes;              /* the last answer came over HTTP/2 */
    struct ot_http_pace pace;
    struct run *run; /* that is going on, or NULL */
    const volatile int *stop;
    ot_http_pulse *pulse;
    void *pulse_arg;
    struct ot_http_counts counts;
};

struct run {
    struct ot_http *http;
    size_t total, started, finished;
    unsigned active; /* transfers that run or wait */
    unsigned running;
    ot_http_fill *fill;
    ot_http_done *done;
    void *arg;
    struct ot_error *err;
};

/* openssl.cnf may activate our own provider, and then verifying the API's certificate
 * would ask orgtrust for trust that only this process can fetch.
 * OpenSSL reads that file at the first use that wants it, wherever in the program that
 * is, and never after it was told not to; so it is told before main. */
__attribute__((constructor)) static void keep_openssl_unconfigured(void)
{
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
}

static uint32_t random_bits(void)
{
    uint32_t bits = 0;

    /* Without entropy the back-off merely lacks its jitter. */
    if (getrandom(&bits, sizeof(bits), GRND_NONBLOCK) != (ssize_t)sizeof(bits))
        return 0;
    return bits;
}

static enum ot_status make_multi(struct ot_http *http, struct ot_error *err)
{
    long connections = (long)http->tuning.connections;
    unsigned bad = 0;

    http->multi = curl_multi_init();
    if (http->multi == NULL)
        return ot_error_nomem(err);
    bad |= (unsigned)curl_multi_setopt(http->multi, CURLMOPT_PIPELINING,
                                       (long)CURLPIPE_MULTIPLEX);
    bad |= (unsigned)curl_multi_setopt(http->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS,
                                       connections);
    bad |= (unsigned)curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, connections);
    if (bad != 0)
        return ot_error_set(err, OT_E_INTERNAL, "libcurl refuses its own options");
    return OT_OK;
}

/* libcurl has many names for what comes of a lack of memory. */
static enum ot_status or_nomem(enum ot_status status, unsigned long failures_before,
                               struct ot_error *err)
{
    if (status == OT_OK || failures_before == ot_http_memory_failures())
        return status;
    return ot_error_nomem(err);
}

void ot_http_begin_time(struct ot_http *http)
{
    http->deadline_ms = ot_clock_ms() + http->tuning.deadline_ms;
}

enum ot_status ot_http_new(struct ot_http **out, const struct ot_source *source,
                           const struct ot_key *key, const struct ot_http_tuning *tuning,
                           struct ot_error *err)
{
    unsigned long failures = ot_http_memory_failures();
    enum ot_status status;
    struct ot_http *http;

    *out = NULL;
    status = ot_http_memory_init(err);
    if (status != OT_OK)
        return status;
    http = calloc(1, sizeof(*http));
    if (http == NULL)
        return ot_error_nomem(err);
    http->tuning = tuning != NULL ? *tuning : ot_http_default_tuning;
    ot_http_begin_time(http);
    status =
        ot_endpoint_init(&http->endpoint, source, key, http->tuning.low_speed_s, err);
    if (status == OT_OK)
        status = make_multi(http, err);
    if (status == OT_OK) {
        http->transfers = calloc(http->tuning.in_flight, sizeof(*http->transfers));
        if (http->transfers == NULL)
            status = ot_error_nomem(err);
    }
    if (status != OT_OK) {
        ot_http_free(http);
        return or_nomem(status, failures, err);
    }
    *out = http;
    return OT_OK;
}

void ot_http_free(struct ot_http *http)
{
    if (http == NULL)
        return;
    for (unsigned i = 0; http->transfers != NULL && i < http->tuning.in_flight; i++)
        ot_transfer_clear(&http->transfers[i]);
    free(http->transfers);
    curl_multi_cleanup(http->multi);
    ot_endpoint_clear(&http->endpoint);
    free(http);
}

static enum ot_status send_request(struct run *run, struct ot_transfer *transfer,
                                   int64_t now)
{
    struct ot_http *http = run->http;
    enum ot_status status;
    CURLMcode code;

    memset(&transfer->request, 0, sizeof(transfer->request));
    status = run->fill(run->arg, transfer->index, &transfer->request, run->err);
    if (status == OT_OK)
        status = ot_transfer_prepare(transfer, &http->endpoint, http->multiplexes,
                                     http->deadline_ms - now, run->err);
    if (status != OT_OK)
        return status;
    code = curl_multi_add_handle(http->multi, transfer->easy);
    if (code != CURLM_OK)
        return ot_error_set(run->err,
                            code == CURLM_OUT_OF_MEMORY ? OT_E_NOMEM : OT_E_INTERNAL,
                            "cannot start a request: %s", curl_multi_strerror(code));
    transfer->state = OT_TRANSFER_RUNNING;
    transfer->sent_ms = now;
    transfer->attempts++;
    run->running++;
    http->counts.requests++;
    return OT_OK;
}

/* Whether a transfer has something to send: again what has waited long enough, or, as far
 * as the window goes, the next request of the run. */
static bool has_due(struct run *run, const struct ot_transfer *transfer, unsigned room,
                    int64_t now)
{
    if (transfer->state == OT_TRANSFER_WAITING)
        return transfer->due_ms <= now;
    return transfer->state == OT_TRANSFER_IDLE && run->started < run->total &&
           run->active < room;
}

static enum ot_status send_due(struct run *run)
{
    struct ot_http *http = run->http;
    int64_t now = ot_clock_ms();
    enum ot_status status = OT_OK;
    unsigned room = ot_http_pace_window(&http->pace, &http->tuning, http->multiplexes,
                                        run->total - run->started);

    for (unsigned i = 0; i < http->tuning.in_flight && status == OT_OK; i++) {
        struct ot_transfer *transfer = &http->transfers[i];

        if (!has_due(run, transfer, room, now))
            continue;
        if (!ot_http_pace_take(&http->pace, now, run->running))
            break;
        if (transfer->state == OT_TRANSFER_IDLE) {
            transfer->index = run->started++;
            transfer->attempts = transfer->turned_away = 0;
            run->active++;
        }
        status = send_request(run, transfer, now);
    }
    return status;
}

static void count_transfer(struct ot_http *http, const struct ot_transfer *transfer,
                           CURLcode result)
{
    long connects = 0, version = 0;

    curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &connects);
    http->counts.connections += (uint64_t)connects;
    http->counts.bytes += transfer->len;
    if (result == CURLE_OK &&
        curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_VERSION, &version) == CURLE_OK)
        http->multiplexes = version >= CURL_HTTP_VERSION_2_0;
}

/* Milliseconds until the request is sent again, or -1: this was its last attempt. */
static int64_t wait_after(struct ot_http *http, struct ot_transfer *transfer,
                          const struct ot_http_attempt *attempt, int64_t now)
{
    if (ot_http_retry_is_slower(&http->tuning, attempt)) {
        transfer->turned_away++;
        return ot_http_pace_refused(&http->pace, &http->tuning, transfer->sent_ms, now,
                                    attempt->retry_after_ms, random_bits());
    }
    if (attempt->status != 0)
        ot_http_pace_answered(&http->pace, transfer->sent_ms);
    return ot_http_retry_wait(&http->tuning, attempt, random_bits());
}

static enum ot_status attempt_ended(struct run *run, struct ot_transfer *transfer,
                                    CURLcode result)
{
    struct ot_http *http = run->http;
    struct ot_http_attempt attempt;
    struct ot_http_answer answer;
    enum ot_status status;
    int64_t now, wait_ms;

    run->running--;
    ot_transfer_conclude(transfer, &http->endpoint, result, &answer, &attempt);
    http->endpoint.has_answered |= result == CURLE_OK;
    count_transfer(http, transfer, result);
    now = ot_clock_ms();
    wait_ms = wait_after(http, transfer, &attempt, now);
    if (wait_ms >= 0 && wait_ms < http->deadline_ms - now) {
        transfer->state = OT_TRANSFER_WAITING;
        transfer->due_ms = now + wait_ms;
        http->counts.retries++;
        return OT_OK;
    }
    run->finished++;
    run->active--;
    status = run->done(run->arg, transfer->index, &answer, run->err);
    ot_transfer_rest(transfer);
    return status;
}

static enum ot_status collect_finished(struct run *run)
{
    CURLM *multi = run->http->multi;
    enum ot_status status = OT_OK;
    CURLMsg *message;
    int left;

    while (status == OT_OK && (message = curl_multi_info_read(multi, &left)) != NULL) {
        struct ot_transfer *transfer = NULL;
        CURLcode result = message->data.result;

        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        curl_multi_remove_handle(multi, transfer->easy);
        status = attempt_ended(run, transfer, result);
    }
    return status;
}

static enum ot_status check_limits(const struct run *run)
{
    const struct ot_http *http = run->http;

    /* Set by a signal handler, which may run in another thread. */
    if (http->stop != NULL && __atomic_load_n(http->stop, __ATOMIC_RELAXED) != 0)
        return ot_error_set(run->err, OT_E_INTERRUPTED, "interrupted");
    if (ot_clock_ms() >= http->deadline_ms)
        return ot_error_set(
            run->err, OT_E_NETWORK,
            "%s did not answer everything within %lld s, which is all the "
            "time there is; try again",
            http->endpoint.host, (long long)(http->tuning.deadline_ms / 1000));
    return OT_OK;
}

static int poll_time(const struct run *run)
{
    struct ot_http *http = run->http;
    int64_t now = ot_clock_ms();
    int64_t wait = http->tuning.poll_ms != 0 ? http->tuning.poll_ms : POLL_MS;
    int64_t pace_ms = ot_http_pace_wait(&http->pace, now);

    if (http->deadline_ms - now < wait)
        wait = http->deadline_ms - now;
    /* What waits for its turn and not for the clock is sent after an answer. */
    if (pace_ms > 0 && run->started < run->total && pace_ms < wait)
        wait = pace_ms;
    for (unsigned i = 0; i < http->tuning.in_flight; i++) {
        const struct ot_transfer *transfer = &http->transfers[i];
        int64_t due_ms = transfer->due_ms - now;

        if (transfer->state != OT_TRANSFER_WAITING)
            continue;
        if (due_ms <= 0)
            due_ms = pace_ms > 0 ? pace_ms : POLL_MS;
        if (due_ms < wait)
            wait = due_ms;
    }
    return wait > 0 ? (int)wait : 0;
}

static enum ot_status step_transfers(struct run *run)
{
    CURLM *multi = run->http->multi;
    size_t finished = run->finished;
    CURLMcode code;
    int running;
    enum ot_status status = check_limits(run);

    if (run->http->pulse != NULL)
        run->http->pulse(run->http->pulse_arg);
    if (status == OT_OK)
        status = send_due(run);
    if (status != OT_OK)
        return status;
    code = curl_multi_perform(multi, &running);
    if (code == CURLM_OK) {
        status = collect_finished(run);
        /* An answer makes room for a request: no waiting in between. */
        if (status != OT_OK || run->finished > finished)
            return status;
        code = curl_multi_poll(multi, NULL, 0, poll_time(run), NULL);
    }
    if (code != CURLM_OK)
        return ot_error_set(run->err,
                            code == CURLM_OUT_OF_MEMORY ? OT_E_NOMEM : OT_E_INTERNAL,
                            "libcurl cannot go on: %s", curl_multi_strerror(code));
    return OT_OK;
}

static void give_up_rest(struct ot_http *http)
{
    for (unsigned i = 0; i < http->tuning.in_flight; i++) {
        struct ot_transfer *transfer = &http->transfers[i];

        if (transfer->state == OT_TRANSFER_RUNNING)
            curl_multi_remove_handle(http->multi, transfer->easy);
        if (transfer->state != OT_TRANSFER_IDLE)
            ot_transfer_rest(transfer);
    }
}

enum ot_status ot_http_run(struct ot_http *http, size_t n, ot_http_fill *fill,
                           ot_http_done *done, void *arg, struct ot_error *err)
{
    struct run run = {
        .http = http, .total = n, .fill = fill, .done = done, .arg = arg, .err = err};
    unsigned long failures = ot_http_memory_failures();
    enum ot_status status = OT_OK;

    http->run = &run;
    while (status == OT_OK && run.finished < run.total)
        status = step_transfers(&run);
    http->run = NULL;
    give_up_rest(http);
    if (status != OT_OK && err != NULL)
        ot_secret_redact(err->message, strlen(err->message));
    return status == OT_E_INTERNAL ? or_nomem(status, failures, err) : status;
}

void ot_http_extend(struct ot_http *http, size_t more)
{
    if (http->run != NULL)
        http->run->total += more;
}

struct ot_http_counts ot_http_counts(const struct ot_http *http)
{
    return http->counts;
}

enum ot_status ot_http_add_header(struct ot_http *http, const char *line,
                                  struct ot_error *err)
{
    return ot_endpoint_add_header(&http->endpoint, line, err);
}

const char *ot_http_host(const struct ot_http *http)
{
    return http->endpoint.host;
}

const char *ot_http_base_url(const struct ot_http *http)
{
    return http->endpoint.base_url;
}

void ot_http_set_stop(struct ot_http *http, const volatile int *stop)
{
    http->stop = stop;
}

void ot_http_set_pulse(struct ot_http *http, ot_http_pulse *pulse, void *arg)
{
    http->pulse = pulse;
    http->pulse_arg = arg;
}
