/* Whether and when a request is repeated. Pure: no clock, no randomness, no transport. */
#ifndef OT_HTTP_HTTP_RETRY_INTERNAL_H
#define OT_HTTP_HTTP_RETRY_INTERNAL_H

#include "http/http_request.h"

/* How an attempt ended, as far as the next one depends on it. */
struct ot_http_attempt {
    enum ot_http_method method;
    bool idempotent;
    bool sent;              /* some of the request has left this machine */
    bool passing;           /* no answer, for a reason that may pass */
    long status;            /* of the answer, 0 for none */
    int64_t retry_after_ms; /* what the answer said, -1 for nothing */
    int should_retry;       /* what it said of that: 1 yes, -1 no, 0 nothing */
    unsigned attempts;      /* so far that count, with this one: 1, 2, … */
};

/* The server wants fewer requests (429, or 503 with a time), and the request may be sent
 * again: when, ot_http_pace_refused says, unless that is beyond the tuning's cap. */
bool ot_http_retry_is_slower(const struct ot_http_tuning *tuning,
                             const struct ot_http_attempt *attempt);

/* Any other attempt: milliseconds to wait before the next one, or -1: this one is final.
 * random is 32 random bits for the jitter. Retry-After is waited for in full, plus
 * jitter; beyond the tuning's cap the attempt is final. Without it the back-off doubles
 * with each attempt and up to a quarter is taken off, as the official clients do; like
 * them it believes x-should-retry, as far as nothing is carried out twice by it. */
int64_t ot_http_retry_wait(const struct ot_http_tuning *tuning,
                           const struct ot_http_attempt *attempt, uint32_t random);

/* The n-th wait (1, 2, …): doubled from the first to the longest. */
int64_t ot_http_retry_backoff(int64_t first_ms, int64_t longest_ms, unsigned n);

/* A random share of span: random is 32 random bits. */
int64_t ot_http_retry_share(int64_t span, uint32_t random);

/* A Retry-After field (RFC 9110 §10.2.3), seconds or a date, as ms from now (Unix
 * seconds). -1: absent (NULL), not positive, a date that has passed, or neither of the
 * two. A number too large to hold gives the largest. */
int64_t ot_http_retry_after(const char *value, int64_t now);

/* A retry-after-ms field of the same meaning, which the API sends beside it and the
 * official clients prefer: milliseconds, perhaps with a fraction. */
int64_t ot_http_retry_after_ms(const char *value);

/* An x-should-retry field: 1 for "true", -1 for "false", else 0. */
int ot_http_retry_should(const char *value);

#endif
