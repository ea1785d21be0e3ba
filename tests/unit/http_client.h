/* Sending one request through the transport and seeing what came of it. */
#ifndef OT_TESTS_HTTP_CLIENT_H
#define OT_TESTS_HTTP_CLIENT_H

#include "http/http.h"

#define CLIENT_SECRET "sk-admin-0123456789abcdefghijklmnopqrstuvwxyz"

struct outcome {
    enum ot_status run; /* what ot_http_run said */
    unsigned calls;     /* of the callback */
    long status;
    enum ot_status failure;
    char message[OT_ERROR_MAX]; /* of the failure, or of the run */
    char body[256];             /* its beginning */
    size_t len;
    char type[64];
    int64_t retry_after_ms;
    unsigned attempts;
    long long took_ms;
};

/* Back-offs of milliseconds; otherwise like the default. */
extern const struct ot_http_tuning client_tuning;

/* A source for url, with time-outs of seconds. */
struct ot_source client_source(const char *url);
/* CLIENT_SECRET; not to be cleared. */
struct ot_key client_key(void);

/* Fails the test where a message holds the key (row 55 of tests/faults). */
struct outcome client_send_on(struct ot_http *http,
                              const struct ot_http_request *request);
struct outcome client_send(const struct ot_source *source,
                           const struct ot_http_tuning *tuning,
                           const struct ot_http_request *request);
/* GET /x of at most 1000 bytes. */
struct outcome client_get(const char *url);

extern const struct ot_http_request client_get_x, client_post_x;

long long client_now_ms(void);

#endif
