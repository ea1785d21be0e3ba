/* Requests to one origin: many in flight, each repeated as far as that is safe.
 *
 * libcurl's multi interface on one thread; HTTP/2 where offered. TLS is verified against
 * the source's ca_file or the system's bundle by path, never through OpenSSL's
 * configuration, so that our own provider cannot be asked. No redirect is followed: the
 * key goes nowhere else. Not thread-safe; one object a thread. */
#ifndef OT_FETCH_HTTP_H
#define OT_FETCH_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cache/config.h"
#include "fetch/key.h"

struct ot_http;

enum ot_http_method { OT_HTTP_GET, OT_HTTP_POST, OT_HTTP_DELETE };

struct ot_http_request {
    enum ot_http_method method;
    const char *path; /* behind base_url, encoded, begins with '/' ; may have a query */
    const char *body; /* JSON, or NULL */
    size_t max_bytes; /* of the decoded answer */
    bool idempotent;  /* may be sent again when it is unknown whether it arrived */
};

struct ot_http_answer {
    long status; /* 200 … ; 0 when there was none */
    char *body;  /* decoded, terminated, NULL when empty; owned by the transport and
                    valid until the callback returns */
    size_t len;
    const char *content_type; /* lower case, without parameters; "" when absent */
    int64_t retry_after_ms;   /* -1 when absent or unusable */
    enum ot_status failure;   /* OT_OK when there is an answer, whatever its status; else
                                 OT_E_NETWORK, OT_E_PROTOCOL (too large, redirect), … */
    struct ot_error error;    /* the sentence, when failure is set */
    unsigned attempts;        /* without those that a 429 turned away */
};

/* How hard to try; the defaults are limits.h, tests make it quick. */
struct ot_http_tuning {
    unsigned retries;
    int64_t retry_first_ms, retry_longest_ms, retry_after_max_ms;
    int64_t deadline_ms; /* for everything this object does, from its making */
    unsigned in_flight, connections;
    unsigned low_speed_s; /* 0: OT_LOW_SPEED_SECONDS */
};
extern const struct ot_http_tuning ot_http_default_tuning;

/* tuning NULL: the default. Copies what it needs; the key is wiped by ot_http_free. */
enum ot_status ot_http_new(struct ot_http **out, const struct ot_source *source,
                           const struct ot_key *key, const struct ot_http_tuning *tuning,
                           struct ot_error *err);
void ot_http_free(struct ot_http *http);

/* Asked for the i-th request just before it is sent (again). The path is copied at once;
 * the body lives until the answer's callback has returned. Other than OT_OK: it cannot be
 * sent, and ends the run as a callback's does. */
typedef enum ot_status ot_http_fill(void *arg, size_t i, struct ot_http_request *request,
                                    struct ot_error *err);
/* Called once a request, in the order in which they end. Returning other than OT_OK stops
 * everything that is still in flight; that status is what ot_http_run returns. */
typedef enum ot_status ot_http_done(void *arg, size_t i,
                                    const struct ot_http_answer *answer,
                                    struct ot_error *err);

/* Carries out n requests. Retries: connection errors, timeouts, 408, 429 and 5xx, and 409
 * on a GET, with exponential back-off and jitter or as Retry-After says; a request that
 * is not idempotent only when it cannot have arrived, or was turned away by a 429. A 429
 * slows all of them down, and counts as a retry of none as long as others are answered.
 * At the deadline, or when told to stop, it ends without a callback for what is left. */
enum ot_status ot_http_run(struct ot_http *http, size_t n, ot_http_fill *fill,
                           ot_http_done *done, void *arg, struct ot_error *err);

/* From within a callback of ot_http_run: that run has so many requests more, which are
 * numbered on, and sent after those before them. */
void ot_http_extend(struct ot_http *http, size_t more);

/* Answers and bytes so far, for tests, status and benchmarks. */
struct ot_http_counts {
    uint64_t requests, retries, bytes, connections;
};
struct ot_http_counts ot_http_counts(const struct ot_http *http);

/* The host of base_url, with its port where one is given, for messages. */
const char *ot_http_host(const struct ot_http *http);

/* Called again and again while a run goes on, ten times a second at least, also when no
 * answer comes. NULL: nobody. */
typedef void ot_http_pulse(void *arg);
void ot_http_set_pulse(struct ot_http *http, ot_http_pulse *pulse, void *arg);

/* Set to non-zero (by a signal handler) to make every run end with OT_E_INTERRUPTED. */
void ot_http_set_stop(struct ot_http *http, const volatile int *stop);

#endif
