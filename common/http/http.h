/* Requests to one origin: many in flight, each repeated as far as that is safe.
 *
 * libcurl's multi interface on one thread; HTTP/2 where offered. TLS is verified against
 * the source's ca_file or the system's bundle by path, never through OpenSSL's
 * configuration, so that our own provider cannot be asked. No redirect is followed: the
 * key goes nowhere else. Not thread-safe; one object a thread. */
#ifndef OT_HTTP_HTTP_H
#define OT_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct ot_http_answer;
struct ot_http_request;
struct ot_http_tuning;
struct ot_key;
struct ot_source;

struct ot_http;

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

/* Between two runs: the time for everything that it does begins now. */
void ot_http_begin_time(struct ot_http *http);

/* Answers and bytes so far, for tests, status and benchmarks. */
struct ot_http_counts {
    uint64_t requests, retries, bytes, connections;
};
struct ot_http_counts ot_http_counts(const struct ot_http *http);

/* One more line, "NAME: VALUE", in all requests; once, before the first of them. */
enum ot_status ot_http_add_header(struct ot_http *http, const char *line,
                                  struct ot_error *err);

/* The host of base_url, with its port where one is given, for messages. */
const char *ot_http_host(const struct ot_http *http);
const char *ot_http_base_url(const struct ot_http *http);

/* Called again and again while a run goes on, ten times a second at least, also when no
 * answer comes. NULL: nobody. */
typedef void ot_http_pulse(void *arg);
void ot_http_set_pulse(struct ot_http *http, ot_http_pulse *pulse, void *arg);

/* Set to non-zero (by a signal handler) to make every run end with OT_E_INTERRUPTED. */
void ot_http_set_stop(struct ot_http *http, const volatile int *stop);

#endif
