#include "http_client.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "config/source.h"
#include "http/http_request.h"
#include "http/key.h"
#include "unit.h"

const struct ot_http_tuning client_tuning = {
    .retries = 2,
    .retry_first_ms = 10,
    .retry_longest_ms = 40,
    .retry_after_max_ms = 2000,
    .deadline_ms = 20000,
    .in_flight = 64,
    .connections = 8,
};

const struct ot_http_request client_get_x = {
    .method = OT_HTTP_GET, .path = "/x", .max_bytes = 1000, .idempotent = true};
const struct ot_http_request client_post_x = {
    .method = OT_HTTP_POST, .path = "/x", .body = "{\"a\":1}", .max_bytes = 1000};

long long client_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct ot_source client_source(const char *url)
{
    struct ot_source source = {
        .name = (char *)"default",
        .base_url = (char *)url,
        .origin = (char *)"test.conf:1",
        .connect_timeout_ms = 2000,
        .timeout_ms = 5000,
    };

    return source;
}

struct ot_key client_key(void)
{
    struct ot_key key = {.secret = (char *)CLIENT_SECRET,
                         .len = sizeof(CLIENT_SECRET) - 1,
                         .origin = "the test"};

    return key;
}

struct sending {
    const struct ot_http_request *request;
    struct outcome outcome;
};

static enum ot_status fill(void *arg, size_t i, struct ot_http_request *request,
                           struct ot_error *err)
{
    (void)err;
    CU_ASSERT_EQUAL(i, 0);
    *request = *((const struct sending *)arg)->request;
    return OT_OK;
}

static enum ot_status done(void *arg, size_t i, const struct ot_http_answer *answer,
                           struct ot_error *err)
{
    struct outcome *outcome = &((struct sending *)arg)->outcome;

    (void)err;
    CU_ASSERT_EQUAL(i, 0);
    CU_ASSERT_EQUAL(answer->failure, answer->error.status);
    if (answer->body != NULL)
        CU_ASSERT_EQUAL(answer->body[answer->len], '\0');
    outcome->calls++;
    outcome->status = answer->status;
    outcome->failure = answer->failure;
    snprintf(outcome->message, sizeof(outcome->message), "%s", answer->error.message);
    snprintf(outcome->body, sizeof(outcome->body), "%s",
             answer->body != NULL ? answer->body : "");
    outcome->len = answer->len;
    snprintf(outcome->type, sizeof(outcome->type), "%s", answer->content_type);
    outcome->retry_after_ms = answer->retry_after_ms;
    outcome->attempts = answer->attempts;
    return OT_OK;
}

struct outcome client_send_on(struct ot_http *http, const struct ot_http_request *request)
{
    struct sending sending = {.request = request};
    struct ot_error err = OT_ERROR_INIT;
    long long began = client_now_ms();

    sending.outcome.run = ot_http_run(http, 1, fill, done, &sending, &err);
    sending.outcome.took_ms = client_now_ms() - began;
    if (sending.outcome.run != OT_OK)
        snprintf(sending.outcome.message, sizeof(sending.outcome.message), "%s",
                 err.message);
    CU_ASSERT_EQUAL(sending.outcome.run, err.status);
    CU_ASSERT_PTR_NULL(strstr(sending.outcome.message, "sk-admin"));
    return sending.outcome;
}

struct outcome client_send(const struct ot_source *source,
                           const struct ot_http_tuning *tuning,
                           const struct ot_http_request *request)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_key key = client_key();
    struct ot_http *http = NULL;
    struct outcome outcome;

    CU_ASSERT_EQUAL_FATAL(ot_http_new(&http, source, &key, tuning, &err), OT_OK);
    outcome = client_send_on(http, request);
    ot_http_free(http);
    return outcome;
}

struct outcome client_get(const char *url)
{
    struct ot_source source = client_source(url);

    return client_send(&source, &client_tuning, &client_get_x);
}
