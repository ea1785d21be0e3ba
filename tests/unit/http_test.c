#include "base/secret.h"
#include "unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "config/source.h"
#include "http/http_request.h"
#include "http/key.h"
#include "http_client.h"
#include "peer.h"

#define OK_BODY "{\"ok\":true}"
#define OK_ANSWER                                                                        \
    "HTTP/1.1 200 OK\r\nContent-Type: Application/JSON; charset=utf-8\r\n"               \
    "Content-Length: 11\r\n\r\n" OK_BODY

static const struct peer_answer ok = {.bytes = OK_ANSWER};

static struct peer *start(const struct peer_answer *script, size_t len)
{
    return peer_start(&(struct peer_options){.script = script, .script_len = len});
}

static bool has_line(const struct peer_request *request, const char *line)
{
    char wanted[256];

    snprintf(wanted, sizeof(wanted), "\r\n%s\r\n", line);
    return strstr(request->head, wanted) != NULL;
}

static void get_carries_what_it_should(void)
{
    struct peer *peer = start(&ok, 1);
    struct outcome outcome = client_get(peer_url(peer));
    const struct peer_request *request = peer_request(peer, 0);

    CU_ASSERT_EQUAL(outcome.run, OT_OK);
    CU_ASSERT_EQUAL(outcome.calls, 1);
    CU_ASSERT_EQUAL(outcome.status, 200);
    CU_ASSERT_EQUAL(outcome.failure, OT_OK);
    CU_ASSERT_STRING_EQUAL(outcome.body, OK_BODY);
    CU_ASSERT_EQUAL(outcome.len, strlen(OK_BODY));
    CU_ASSERT_STRING_EQUAL(outcome.type, "application/json");
    CU_ASSERT_EQUAL(outcome.retry_after_ms, -1);
    CU_ASSERT_EQUAL(outcome.attempts, 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(request);
    CU_ASSERT_EQUAL(strncmp(request->head, "GET /v1/x HTTP/1.1\r\n", 20), 0);
    CU_ASSERT_TRUE(has_line(request, "Authorization: Bearer " CLIENT_SECRET));
    CU_ASSERT_TRUE(has_line(request, "Accept: application/json"));
    CU_ASSERT_PTR_NOT_NULL(strstr(request->head, "\r\nUser-Agent: orgtrust/"));
    CU_ASSERT_PTR_NOT_NULL(strstr(request->head, "\r\nAccept-Encoding: "));
    CU_ASSERT_PTR_NULL(strcasestr(request->head, "\r\nCookie:"));
    CU_ASSERT_PTR_NULL(strcasestr(request->head, "\r\nContent-Type:"));
    peer_stop(peer);
}

static void post_and_delete_carry_what_they_should(void)
{
    const struct ot_http_request delete = {
        .method = OT_HTTP_DELETE, .path = "/y", .max_bytes = 1000, .idempotent = true};
    struct peer *peer = start(&ok, 1);
    struct ot_source source = client_source(peer_url(peer));
    struct ot_error err = OT_ERROR_INIT;
    struct ot_http *http = NULL;
    const struct peer_request *request;

    /* One handle after the other with every method: none leaves traces in the next. */
    CU_ASSERT_EQUAL_FATAL(ot_http_new(&http, &source, NULL, &client_tuning, &err), OT_OK);
    CU_ASSERT_EQUAL(client_send_on(http, &client_post_x).status, 200);
    CU_ASSERT_EQUAL(client_send_on(http, &delete).status, 200);
    CU_ASSERT_EQUAL(client_send_on(http, &client_get_x).status, 200);
    request = peer_request(peer, 0);
    CU_ASSERT_EQUAL(strncmp(request->head, "POST /v1/x ", 11), 0);
    CU_ASSERT_STRING_EQUAL(request->body, "{\"a\":1}");
    CU_ASSERT_TRUE(has_line(request, "Content-Type: application/json"));
    CU_ASSERT_TRUE(has_line(request, "Content-Length: 7"));
    CU_ASSERT_PTR_NULL(strcasestr(request->head, "\r\nExpect:"));
    CU_ASSERT_PTR_NULL(strcasestr(request->head, "\r\nAuthorization:"));
    request = peer_request(peer, 1);
    CU_ASSERT_EQUAL(strncmp(request->head, "DELETE /v1/y ", 13), 0);
    CU_ASSERT_STRING_EQUAL(request->body, "");
    CU_ASSERT_PTR_NULL(strcasestr(request->head, "\r\nContent-Type:"));
    request = peer_request(peer, 2);
    CU_ASSERT_EQUAL(strncmp(request->head, "GET /v1/x ", 10), 0);
    ot_http_free(http);
    peer_stop(peer);
}

static void connections_outlive_a_run(void)
{
    struct peer *peer = start(&ok, 1);
    struct ot_source source = client_source(peer_url(peer));
    struct ot_error err = OT_ERROR_INIT;
    struct ot_http_counts counts;
    struct ot_http *http = NULL;

    CU_ASSERT_EQUAL_FATAL(ot_http_new(&http, &source, NULL, &client_tuning, &err), OT_OK);
    for (int i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(client_send_on(http, &client_get_x).status, 200);
    counts = ot_http_counts(http);
    CU_ASSERT_EQUAL(peer_connections(peer), 1);
    CU_ASSERT_EQUAL(counts.connections, 1);
    CU_ASSERT_EQUAL(counts.requests, 5);
    CU_ASSERT_EQUAL(counts.retries, 0);
    CU_ASSERT_EQUAL(counts.bytes, 5 * strlen(OK_BODY));
    CU_ASSERT_EQUAL(ot_http_run(http, 0, NULL, NULL, NULL, &err), OT_OK);
    ot_http_free(http);
    peer_stop(peer);
}

/* --- Many at once --- */

enum { MANY = 2000 };

struct many {
    unsigned char seen[MANY];
    size_t filled, ended, wrong, stop_at;
    size_t ahead_max; /* most requests asked for and not yet ended */
    size_t refuse_at; /* a request that is not filled in; 0: none */
    size_t extend_by; /* with the first answer */
    struct ot_http *http;
    char path[32];
};

static enum ot_status many_fill(void *arg, size_t i, struct ot_http_request *request,
                                struct ot_error *err)
{
    struct many *many = arg;

    many->filled++;
    if (many->filled - many->ended > many->ahead_max)
        many->ahead_max = many->filled - many->ended;
    snprintf(many->path, sizeof(many->path), "/n/%zu", i);
    *request = (struct ot_http_request){
        .method = OT_HTTP_GET, .path = many->path, .max_bytes = 100, .idempotent = true};
    return many->refuse_at != 0 && i == many->refuse_at
               ? ot_error_set(err, OT_E_USAGE, "not that one")
               : OT_OK;
}

static enum ot_status many_done(void *arg, size_t i, const struct ot_http_answer *answer,
                                struct ot_error *err)
{
    struct many *many = arg;
    char expected[32];

    snprintf(expected, sizeof(expected), "%zu", i);
    if (answer->status != 200 || strcmp(answer->body, expected) != 0 || many->seen[i]++)
        many->wrong++;
    if (many->ended == 0 && many->extend_by > 0)
        ot_http_extend(many->http, many->extend_by);
    if (++many->ended == many->stop_at)
        return ot_error_set(err, OT_E_REFUSED, "enough");
    return OT_OK;
}

/* Answers /v1/n/123 with 123. */
static char *echo(void *arg, const struct peer_request *request, size_t *len)
{
    char number[32];

    (void)arg;
    snprintf(number, sizeof(number), "%lu",
             strtoul(strstr(request->head, "/n/") + 3, NULL, 10));
    return peer_format(200, "", number, len);
}

static void many_requests_share_few_connections(void)
{
    struct peer *peer = peer_start(&(struct peer_options){.handler = echo});
    struct ot_source source = client_source(peer_url(peer));
    struct ot_error err = OT_ERROR_INIT;
    static struct many many;
    struct ot_http *http = NULL;

    memset(&many, 0, sizeof(many));
    CU_ASSERT_EQUAL_FATAL(ot_http_new(&http, &source, NULL, &client_tuning, &err), OT_OK);
    CU_ASSERT_EQUAL(ot_http_run(http, MANY, many_fill, many_done, &many, &err), OT_OK);
    CU_ASSERT_EQUAL(many.ended, MANY);
    CU_ASSERT_EQUAL(many.filled, MANY);
    CU_ASSERT_EQUAL(many.wrong, 0);
    CU_ASSERT_TRUE(many.ahead_max <= client_tuning.connections);
    CU_ASSERT_EQUAL(peer_requests(peer), MANY);
    CU_ASSERT_TRUE(peer_open_max(peer) > 1);
    CU_ASSERT_TRUE(peer_connections(peer) <= client_tuning.connections);
    CU_ASSERT_EQUAL(ot_http_counts(http).connections, peer_connections(peer));
    ot_http_free(http);
    peer_stop(peer);
}

static void requests_really_run_at_once(void)
{
    struct peer *peer =
        peer_start(&(struct peer_options){.handler = echo, .answer_delay_ms = 100});
    struct ot_source source = client_source(peer_url(peer));
    struct ot_error err = OT_ERROR_INIT;
    static struct many many;
    struct ot_http *http = NULL;
    long long began = client_now_ms();

    memset(&many, 0, sizeof(many));
    CU_ASSERT_EQUAL_FATAL(ot_http_new(&http, &source, NULL, &client_tuning, &err), OT_OK);
    CU_ASSERT_EQUAL(ot_http_run(http, 40, many_fill, many_done, &many, &err), OT_OK);
    CU_ASSERT_EQUAL(many.wrong, 0);
    /* One by one they would take 4 s, on 8 connections 0.5 s. */
    CU_ASSERT_TRUE(client_now_ms() - began < 3000);
    CU_ASSERT_EQUAL(peer_open_max(peer), 8);
    ot_http_free(http);
    peer_stop(peer);
}

static void the_callback_can_stop_the_rest(void)
{
    struct peer *peer = peer_start(&(struct peer_options){.handler = echo});
    struct ot_source source = client_source(peer_url(peer));
    struct ot_error err = OT_ERROR_INIT;
    static struct many many;
    struct ot_http *http = NULL;

    memset(&many, 0, sizeof(many));
    many.stop_at = 10;
    CU_ASSERT_EQUAL_FATAL(ot_http_new(&http, &source, NULL, &client_tuning, &err), OT_OK);
    CU_ASSERT_EQUAL(ot_http_run(http, MANY, many_fill, many_done, &many, &err),
                    OT_E_REFUSED);
    CU_ASSERT_STRING_EQUAL(err.message, "enough");
    CU_ASSERT_EQUAL(many.ended, 10);
    CU_ASSERT_TRUE(peer_requests(peer) < 40);
    /* The object is still good. */
    memset(&many, 0, sizeof(many));
    CU_ASSERT_EQUAL(ot_http_run(http, 100, many_fill, many_done, &many, &err), OT_OK);
    CU_ASSERT_EQUAL(many.ended, 100);
    CU_ASSERT_EQUAL(many.wrong, 0);
    ot_http_free(http);
    peer_stop(peer);
}

static void a_request_that_cannot_be_filled_in_ends_the_run(void)
{
    struct peer *peer = peer_start(&(struct peer_options){.handler = echo});
    struct ot_source source = client_source(peer_url(peer));
    struct ot_error err = OT_ERROR_INIT;
    static struct many many;
    struct ot_http *http = NULL;

    memset(&many, 0, sizeof(many));
    many.refuse_at = 20;
    CU_ASSERT_EQUAL_FATAL(ot_http_new(&http, &source, NULL, &client_tuning, &err), OT_OK);
    CU_ASSERT_EQUAL(ot_http_run(http, 100, many_fill, many_done, &many, &err),
                    OT_E_USAGE);
    CU_ASSERT_STRING_EQUAL(err.message, "not that one");
    /* What was filled in may have ended before, but nothing after. */
    CU_ASSERT_TRUE(many.ended <= 20);
    CU_ASSERT_TRUE(peer_requests(peer) <= 20);
    ot_http_free(http);
    peer_stop(peer);
}

static void a_run_can_grow_while_it_goes_on(void)
{
    struct peer *peer = peer_start(&(struct peer_options){.handler = echo});
    struct ot_source source = client_source(peer_url(peer));
    struct ot_error err = OT_ERROR_INIT;
    static struct many many;
    struct ot_http *http = NULL;

    memset(&many, 0, sizeof(many));
    CU_ASSERT_EQUAL_FATAL(ot_http_new(&http, &source, NULL, &client_tuning, &err), OT_OK);
    many.http = http;
    many.extend_by = 99;
    CU_ASSERT_EQUAL(ot_http_run(http, 1, many_fill, many_done, &many, &err), OT_OK);
    CU_ASSERT_EQUAL(many.ended, 100);
    CU_ASSERT_EQUAL(many.wrong, 0);
    ot_http_extend(http, 5); /* nothing is going on */
    CU_ASSERT_EQUAL(peer_requests(peer), 100);
    ot_http_free(http);
    peer_stop(peer);
}

/* The first request is told to wait; nobody else waits for it. */
static char *first_waits(void *arg, const struct peer_request *request, size_t *len)
{
    atomic_uint *refused = arg;

    if (strstr(request->head, "/n/0 ") != NULL && atomic_fetch_add(refused, 1) == 0)
        return peer_format(429, "Retry-After: 1\r\n", "{}", len);
    return echo(NULL, request, len);
}

static void fault_65_a_refusal_slows_all_down_and_costs_no_attempt(void)
{
    atomic_uint refused = 0;
    struct peer *peer =
        peer_start(&(struct peer_options){.handler = first_waits, .arg = &refused});
    struct ot_source source = client_source(peer_url(peer));
    struct ot_error err = OT_ERROR_INIT;
    static struct many many;
    struct ot_http *http = NULL;
    long long first_ms;

    memset(&many, 0, sizeof(many));
    CU_ASSERT_EQUAL_FATAL(ot_http_new(&http, &source, NULL, &client_tuning, &err), OT_OK);
    CU_ASSERT_EQUAL(ot_http_run(http, 200, many_fill, many_done, &many, &err), OT_OK);
    CU_ASSERT_EQUAL(many.wrong, 0);
    CU_ASSERT_EQUAL(many.filled, 201);
    CU_ASSERT_EQUAL(ot_http_counts(http).retries, 1);
    CU_ASSERT_EQUAL(peer_requests(peer), 201);
    first_ms = peer_request(peer, 0)->at_ms;
    for (size_t i = 150; i < 201; i++) /* more than were on their way at once */
        CU_ASSERT_TRUE(peer_request(peer, i)->at_ms - first_ms >= 1000);
    ot_http_free(http);
    peer_stop(peer);
}

/* --- Ends from outside --- */

static volatile int stop_flag;

static void *raise_flag(void *arg)
{
    struct timespec wait = {0, 150 * 1000000};

    (void)arg;
    nanosleep(&wait, NULL);
    __atomic_store_n(&stop_flag, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

static void stops_when_told(void)
{
    const struct peer_answer hang = {.hang = true};
    struct peer *peer = start(&hang, 1);
    struct ot_source source = client_source(peer_url(peer));
    struct ot_error err = OT_ERROR_INIT;
    struct ot_http *http = NULL;
    struct outcome outcome;
    pthread_t thread;

    stop_flag = 0;
    CU_ASSERT_EQUAL_FATAL(ot_http_new(&http, &source, NULL, &client_tuning, &err), OT_OK);
    ot_http_set_stop(http, &stop_flag);
    pthread_create(&thread, NULL, raise_flag, NULL);
    outcome = client_send_on(http, &client_get_x);
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(outcome.run, OT_E_INTERRUPTED);
    CU_ASSERT_EQUAL(outcome.calls, 0);
    CU_ASSERT_TRUE(outcome.took_ms < 150 + 450);
    CU_ASSERT_EQUAL(client_send_on(http, &client_get_x).run, OT_E_INTERRUPTED);
    ot_http_free(http);
    peer_stop(peer);
}

static void the_deadline_ends_a_wait(void)
{
    const struct peer_answer busy = {
        .bytes = "HTTP/1.1 429 x\r\nRetry-After: 1\r\nContent-Length: 2\r\n\r\n{}"};
    struct ot_http_tuning tuning = client_tuning;
    struct peer *peer = start(&busy, 1);
    struct ot_source source = client_source(peer_url(peer));
    struct outcome outcome;

    /* A wait that would pass the deadline is not begun: the answer is handed over. */
    tuning.deadline_ms = 500;
    outcome = client_send(&source, &tuning, &client_get_x);
    CU_ASSERT_EQUAL(outcome.status, 429);
    CU_ASSERT_EQUAL(outcome.attempts, 1);
    CU_ASSERT_TRUE(outcome.took_ms < 1000);
    peer_stop(peer);
}

static void the_environment_says_nothing(void)
{
    struct peer *peer = start(&ok, 1);

    setenv("http_proxy", "http://127.0.0.1:9", 1);
    setenv("https_proxy", "http://127.0.0.1:9", 1);
    setenv("all_proxy", "http://127.0.0.1:9", 1);
    CU_ASSERT_EQUAL(client_get(peer_url(peer)).status, 200);
    unsetenv("http_proxy");
    unsetenv("https_proxy");
    unsetenv("all_proxy");
    peer_stop(peer);
}

static void plain_http_never_goes_through_a_proxy(void)
{
    struct peer *peer = start(&ok, 1);
    struct ot_source source = client_source(peer_url(peer));
    struct outcome outcome;

    /* It would see the key. */
    source.proxy = (char *)"http://127.0.0.1:9";
    outcome = client_send(&source, &client_tuning, &client_get_x);
    CU_ASSERT_EQUAL(outcome.status, 200);
    peer_stop(peer);
}

static void fault_55_the_key_is_struck_out(void)
{
    struct ot_source source = client_source("http://127.0.0.1:9/v1");
    struct ot_error err = OT_ERROR_INIT;
    struct ot_key key = client_key();
    struct ot_http *http = NULL;
    char text[] = CLIENT_SECRET CLIENT_SECRET "x" CLIENT_SECRET "sk-admin";

    CU_ASSERT_EQUAL_FATAL(ot_http_new(&http, &source, &key, NULL, &err), OT_OK);
    CU_ASSERT_STRING_EQUAL(ot_http_host(http), "127.0.0.1:9");
    ot_secret_redact(text, strlen(text));
    CU_ASSERT_PTR_NULL(strstr(text, CLIENT_SECRET));
    CU_ASSERT_EQUAL(text[2 * (sizeof(CLIENT_SECRET) - 1)], 'x');
    CU_ASSERT_STRING_EQUAL(strchr(text, 'x') + sizeof(CLIENT_SECRET), "sk-admin");
    ot_secret_redact(NULL, 0);
    ot_http_free(http);
    ot_http_free(NULL);
    CU_ASSERT_FALSE(ot_secret_stands_in(CLIENT_SECRET, strlen(CLIENT_SECRET)));
}

static void refuses_a_bad_set_up(void)
{
    struct ot_source source = client_source("https://api.example.com/v1");
    struct ot_error err = OT_ERROR_INIT;
    struct ot_http *http = NULL;

    source.ca_file = (char *)unit_path("no-such-bundle.pem");
    CU_ASSERT_EQUAL(ot_http_new(&http, &source, NULL, NULL, &err), OT_E_CONFIG);
    CU_ASSERT_PTR_NULL(http);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "no-such-bundle.pem"));
    source.ca_file = (char *)unit_dir();
    source.proxy = (char *)"http://[";
    CU_ASSERT_EQUAL(ot_http_new(&http, &source, NULL, NULL, &err), OT_E_CONFIG);
    CU_ASSERT_PTR_NULL(http);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "proxy"));
}

static const struct unit_case cases[] = {
    {"GET carries what it should", get_carries_what_it_should},
    {"POST and DELETE carry what they should", post_and_delete_carry_what_they_should},
    {"connections outlive a run", connections_outlive_a_run},
    {"a run can grow while it goes on", a_run_can_grow_while_it_goes_on},
    {"a request that cannot be filled in ends the run",
     a_request_that_cannot_be_filled_in_ends_the_run},
    {"many requests share few connections", many_requests_share_few_connections},
    {"requests really run at once", requests_really_run_at_once},
    {"the callback can stop the rest", the_callback_can_stop_the_rest},
    {"fault_65_a_refusal_slows_all_down_and_costs_no_attempt",
     fault_65_a_refusal_slows_all_down_and_costs_no_attempt},
    {"stops when told", stops_when_told},
    {"the deadline ends a wait", the_deadline_ends_a_wait},
    {"the environment says nothing", the_environment_says_nothing},
    {"plain HTTP never goes through a proxy", plain_http_never_goes_through_a_proxy},
    {"fault_55_the_key_is_struck_out", fault_55_the_key_is_struck_out},
    {"refuses a bad set-up", refuses_a_bad_set_up},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return unit_main("http", cases, argc, argv);
}
