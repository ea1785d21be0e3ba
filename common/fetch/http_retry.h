/* Whether and when a request is repeated. Pure: no clock, no randomness, no transport. */
#ifndef OT_FETCH_HTTP_RETRY_H
#define OT_FETCH_HTTP_RETRY_H

#include "fetch/http.h"

/* How an attempt ended, as far as the next one depends on it. */
struct ot_http_attempt {
    enum ot_http_method method;
    bool idempotent;
    bool sent;              /* some of the request has left this machine */
    bool passing;           /* no answer, for a reason that may pass */
    long status;            /* of the answer, 0 for none */
    int64_t retry_after_ms; /* what the answer said, -1 for nothing */
    unsigned attempts;      /* so far, with this one: 1, 2, … */
};

/* Milliseconds to wait before the next attempt, or -1: this one is final. random is 32
 * random bits for the jitter. Retry-After is waited for in full, plus jitter; beyond the
 * tuning's cap the attempt is final. Without it the back-off doubles with each attempt
 * and up to a quarter is taken off, as the official clients do. */
int64_t ot_http_retry_wait(const struct ot_http_tuning *tuning,
                           const struct ot_http_attempt *attempt, uint32_t random);

/* A Retry-After field (RFC 9110 §10.2.3), seconds or a date, as ms from now (Unix
 * seconds). -1: absent (NULL), negative, a date that has passed, or neither of the two. A
 * number too large to hold gives the largest. */
int64_t ot_http_retry_after(const char *value, int64_t now);

#endif
