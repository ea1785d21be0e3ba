#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "config/source.h"
#include "http/http_request.h"
#include "http_client.h"
#include "peer.h"

#define HEAD(status) "HTTP/1.1 " status " x\r\nContent-Type: application/json\r\n"
#define OK HEAD("200") "Content-Length: 2\r\n\r\n{}"
#define ERROR(status) HEAD(status) "Content-Length: 2\r\n\r\n{}"

/* Runs request against a peer with this script. */
static struct outcome against(const struct peer_answer *script, size_t len,
                              const struct ot_http_request *request, size_t *requests)
{
    struct peer *peer =
        peer_start(&(struct peer_options){.script = script, .script_len = len});
    struct ot_source source = client_source(peer_url(peer));
    struct outcome outcome;

    source.timeout_ms = 1500;
    outcome = client_send(&source, &client_tuning, request);
    if (requests != NULL)
        *requests = peer_requests(peer);
    CU_ASSERT_EQUAL(outcome.calls, 1);
    CU_ASSERT_EQUAL(outcome.run, OT_OK);
    peer_stop(peer);
    return outcome;
}

static struct outcome get_once(const char *bytes)
{
    const struct peer_answer answer = {.bytes = bytes, .close = true};

    return against(&answer, 1, &client_get_x, NULL);
}

static void failed(const struct outcome *outcome, enum ot_status failure, const char *why)
{
    if (outcome->failure != failure || strstr(outcome->message, why) == NULL)
        fprintf(stderr, "\n    failure %d, status %ld, \"%s\", not \"%s\"\n",
                (int)outcome->failure, outcome->status, outcome->message, why);
    CU_ASSERT_EQUAL(outcome->failure, failure);
    CU_ASSERT_PTR_NOT_NULL(strstr(outcome->message, why));
}

static void fault_21_refused_keys_are_not_tried_again(void)
{
    static const char *const answers[] = {ERROR("401"), ERROR("403"), ERROR("400"),
                                          ERROR("404"), ERROR("422")};

    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        const struct peer_answer answer = {.bytes = answers[i]};
        size_t requests;
        struct outcome outcome = against(&answer, 1, &client_get_x, &requests);

        CU_ASSERT_EQUAL(outcome.failure, OT_OK);
        CU_ASSERT_EQUAL(outcome.status, strtol(answers[i] + 9, NULL, 10));
        CU_ASSERT_EQUAL(requests, 1);
        CU_ASSERT_EQUAL(outcome.attempts, 1);
    }
}

static struct outcome after_429(const char *header, size_t *requests)
{
    char busy[256];
    struct peer_answer script[2] = {{.bytes = busy}, {.bytes = OK}};

    snprintf(busy, sizeof(busy), HEAD("429") "%sContent-Length: 2\r\n\r\n{}", header);
    return against(script, 2, &client_get_x, requests);
}

static void fault_24_retry_after_is_honoured(void)
{
    char header[128];
    time_t soon;
    struct outcome outcome;
    struct tm tm;
    size_t requests;

    outcome = after_429("", &requests);
    CU_ASSERT_EQUAL(outcome.status, 200);
    CU_ASSERT_EQUAL(requests, 2);
    CU_ASSERT_TRUE(outcome.took_ms < 5000);
    outcome = after_429("Retry-After: 1\r\n", &requests);
    CU_ASSERT_EQUAL(outcome.status, 200);
    CU_ASSERT_TRUE(outcome.took_ms >= 1000 && outcome.took_ms < 5000);
    outcome = after_429("Retry-After: -7\r\n", &requests);
    CU_ASSERT_EQUAL(outcome.status, 200);
    CU_ASSERT_TRUE(outcome.took_ms < 5000);
    outcome = after_429("Retry-After: later\r\n", &requests);
    CU_ASSERT_EQUAL(outcome.status, 200);
    CU_ASSERT_TRUE(outcome.took_ms < 5000);
    soon = time(NULL) + 2; /* one second or two from the answer */
    gmtime_r(&soon, &tm);
    strftime(header, sizeof(header), "Retry-After: %a, %d %b %Y %H:%M:%S GMT\r\n", &tm);
    outcome = after_429(header, &requests);
    CU_ASSERT_EQUAL(outcome.status, 200);
    CU_ASSERT_TRUE(outcome.took_ms >= 900 && outcome.took_ms < 8000);
}

static void fault_24_beyond_the_cap_it_stops(void)
{
    size_t requests;
    struct outcome outcome = after_429("Retry-After: 3600\r\n", &requests);

    CU_ASSERT_EQUAL(outcome.status, 429);
    CU_ASSERT_EQUAL(outcome.retry_after_ms, 3600000);
    CU_ASSERT_EQUAL(requests, 1);
    CU_ASSERT_TRUE(outcome.took_ms < 5000);
    outcome = after_429("Retry-After: 99999999999999999999\r\n", &requests);
    CU_ASSERT_EQUAL(outcome.status, 429);
    CU_ASSERT_TRUE(outcome.retry_after_ms > 3600000);
    CU_ASSERT_EQUAL(requests, 1);
}

static void fault_25_server_errors_pass_or_not(void)
{
    const struct peer_answer passing[] = {
        {.bytes = ERROR("500")}, {.bytes = ERROR("503")}, {.bytes = OK}};
    const struct peer_answer lasting = {.bytes = ERROR("502")};
    struct outcome outcome;
    size_t requests;

    outcome = against(passing, 3, &client_get_x, &requests);
    CU_ASSERT_EQUAL(outcome.status, 200);
    CU_ASSERT_EQUAL(outcome.attempts, 3);
    CU_ASSERT_EQUAL(requests, 3);
    outcome = against(&lasting, 1, &client_get_x, &requests);
    CU_ASSERT_EQUAL(outcome.status, 502);
    CU_ASSERT_EQUAL(outcome.failure, OT_OK);
    CU_ASSERT_EQUAL(outcome.attempts, 3);
    CU_ASSERT_EQUAL(requests, 3);
}

static void fault_25_broken_connections(void)
{
    const struct peer_answer reset_first[] = {{.reset = true}, {.bytes = OK}};
    const struct peer_answer close_first[] = {{.close = true}, {.bytes = OK}};
    const struct peer_answer reset = {.reset = true};
    struct outcome outcome;
    size_t requests;

    outcome = against(reset_first, 2, &client_get_x, &requests);
    CU_ASSERT_EQUAL(outcome.status, 200);
    CU_ASSERT_EQUAL(requests, 2);
    outcome = against(close_first, 2, &client_get_x, &requests);
    CU_ASSERT_EQUAL(outcome.status, 200);
    CU_ASSERT_EQUAL(requests, 2);
    outcome = against(&reset, 1, &client_get_x, &requests);
    failed(&outcome, OT_E_NETWORK, "127.0.0.1");
    CU_ASSERT_EQUAL(requests, 3);
    CU_ASSERT_EQUAL(outcome.attempts, 3);
}

static void fault_25_a_silent_peer_times_out(void)
{
    const struct peer_answer hang_first[] = {{.hang = true}, {.bytes = OK}};
    struct outcome outcome = against(hang_first, 2, &client_get_x, NULL);

    CU_ASSERT_EQUAL(outcome.status, 200);
    CU_ASSERT_EQUAL(outcome.attempts, 2);
    CU_ASSERT_TRUE(outcome.took_ms >= 1500);
}

static void fault_25_nobody_listens(void)
{
    struct peer *peer = peer_start(&(struct peer_options){.script = NULL});
    char url[64];
    struct outcome outcome;

    snprintf(url, sizeof(url), "%s", peer_url(peer));
    peer_stop(peer);
    outcome = client_get(url);
    failed(&outcome, OT_E_NETWORK, "check that it runs");
    CU_ASSERT_EQUAL(outcome.attempts, 3);
    /* What cannot have been sent may be tried again, whatever it is. */
    {
        struct ot_source source = client_source(url);

        outcome = client_send(&source, &client_tuning, &client_post_x);
        CU_ASSERT_EQUAL(outcome.attempts, 3);
    }
}

static void fault_25_unknown_names(void)
{
    struct ot_source source = client_source("http://orgtrust-test.invalid/v1");
    struct ot_http_tuning tuning = client_tuning;
    struct outcome outcome;

    tuning.retries = 0;
    source.timeout_ms = 3000;
    outcome = client_send(&source, &tuning, &client_get_x);
    failed(&outcome, OT_E_NETWORK, "orgtrust-test.invalid");
}

static void fault_25_a_write_is_not_sent_twice(void)
{
    const struct peer_answer refused = {.bytes = ERROR("500")};
    const struct peer_answer reset = {.reset = true};
    const struct peer_answer busy[] = {{.bytes = ERROR("429")}, {.bytes = OK}};
    struct ot_http_request put = client_post_x;
    struct outcome outcome;
    size_t requests;

    outcome = against(&refused, 1, &client_post_x, &requests);
    CU_ASSERT_EQUAL(outcome.status, 500);
    CU_ASSERT_EQUAL(requests, 1);
    outcome = against(&reset, 1, &client_post_x, &requests);
    failed(&outcome, OT_E_NETWORK, "127.0.0.1");
    CU_ASSERT_EQUAL(requests, 1);
    outcome = against(busy, 2, &client_post_x, &requests);
    CU_ASSERT_EQUAL(outcome.status, 200);
    CU_ASSERT_EQUAL(requests, 2);
    put.idempotent = true;
    outcome = against(&refused, 1, &put, &requests);
    CU_ASSERT_EQUAL(outcome.status, 500);
    CU_ASSERT_EQUAL(requests, 3);
}

/* A kept connection that dies under a write: libcurl would send it again by itself. */
static void fault_25_not_even_on_a_dead_connection(void)
{
    const struct peer_answer script[] = {{.bytes = OK}, {.close = true}, {.bytes = OK}};
    struct peer *peer =
        peer_start(&(struct peer_options){.script = script, .script_len = 3});
    struct ot_source source = client_source(peer_url(peer));
    struct ot_error err = OT_ERROR_INIT;
    struct ot_http *http = NULL;
    struct outcome outcome;

    CU_ASSERT_EQUAL_FATAL(ot_http_new(&http, &source, NULL, &client_tuning, &err), OT_OK);
    CU_ASSERT_EQUAL(client_send_on(http, &client_get_x).status, 200);
    outcome = client_send_on(http, &client_post_x);
    failed(&outcome, OT_E_NETWORK, "without an answer");
    CU_ASSERT_EQUAL(peer_requests(peer), 2);
    ot_http_free(http);
    peer_stop(peer);
}

static void fault_27_slow_loris(void)
{
    const struct peer_answer drip = {.bytes = HEAD("200") "Content-Length: 500\r\n\r\n{"
                                                          "                           ",
                                     .drip_ms = 50,
                                     .hang = false};
    struct ot_http_tuning tuning = client_tuning;
    struct peer *peer =
        peer_start(&(struct peer_options){.script = &drip, .script_len = 1});
    struct ot_source source = client_source(peer_url(peer));
    struct outcome outcome;

    tuning.retries = 0;
    tuning.low_speed_s = 1;
    source.timeout_ms = 30000;
    outcome = client_send(&source, &tuning, &client_get_x);
    failed(&outcome, OT_E_NETWORK, "too slow");
    CU_ASSERT_TRUE(outcome.took_ms < 15000);
    /* And whatever the speed, the deadline of all. */
    tuning.low_speed_s = 0;
    tuning.deadline_ms = 700;
    outcome = client_send(&source, &tuning, &client_get_x);
    CU_ASSERT_TRUE(outcome.run == OT_E_NETWORK || outcome.failure == OT_E_NETWORK);
    CU_ASSERT_TRUE(outcome.took_ms < 5000);
    peer_stop(peer);
}

static void fault_28_truncated_answers(void)
{
    struct outcome outcome;

    outcome = get_once(HEAD("200") "Content-Length: 20\r\n\r\n{\"a\":");
    failed(&outcome, OT_E_NETWORK, "cut off");
    outcome = get_once(HEAD("200") "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":");
    failed(&outcome, OT_E_NETWORK, "cut off");
    outcome = get_once(HEAD("200") "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n");
    failed(&outcome, OT_E_NETWORK, "cut off");
    outcome = get_once(HEAD("200") "Content-Le");
    CU_ASSERT_NOT_EQUAL(
        outcome.status == 200 && outcome.failure == OT_OK && outcome.len > 0, true);
    /* More than announced: only what was announced. */
    outcome = get_once(HEAD("200") "Content-Length: 2\r\n\r\n{}{\"evil\":1}");
    CU_ASSERT_STRING_EQUAL(outcome.body, "{}");
}

/* Each libcurl has words of its own for them. */
static void fault_28_chunks_that_are_none(void)
{
    static const char *const bodies[] = {"zz\r\n{}", "5\r\n{}\r\n0\r\n\r\n",
                                         "fffffffffffffffff\r\n{}",
                                         "2\r\n{}xx\r\n0\r\n\r\n"};

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        char answer[200];
        struct outcome outcome;

        snprintf(answer, sizeof(answer),
                 HEAD("200") "Transfer-Encoding: chunked\r\n\r\n%s", bodies[i]);
        outcome = get_once(answer);
        failed(&outcome, OT_E_PROTOCOL, "chunks that are not HTTP's");
        CU_ASSERT_EQUAL(outcome.attempts, 1);
    }
}

/* An answer of repeated parts; the caller frees it. */
static char *repeated(const char *before, const char *part, size_t times,
                      const char *after)
{
    size_t len = strlen(before) + times * strlen(part) + strlen(after);
    char *text = malloc(len + 1), *at = stpcpy(text, before);

    while (times-- > 0)
        at = stpcpy(at, part);
    strcpy(at, after);
    return text;
}

static void fault_67_what_is_not_the_body_is_bounded(void)
{
    static const char end[] = "Content-Length: 2\r\n\r\n{}";
    static const struct {
        const char *before, *part;
        size_t times;
        const char *after, *why;
    } rows[] = {
        {HEAD("200"), "X-More: of the same\r\n", 4000, end, "header or trailer lines"},
        {HEAD("200") "X-Long: ", "0123456789abcdef", 20000, "\r\n",
         "header or trailer lines"},
        {"", "HTTP/1.1 100 Continue\r\n\r\n", 4000, HEAD("200"), "header or trailer"},
        {HEAD("200") "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n",
         "X-More: of the same\r\n", 4000, "\r\n", "header or trailer lines"},
        {HEAD("200") "Transfer-Encoding: chunked\r\n\r\n2;x=", "0123456789abcdef", 20000,
         "\r\n{}\r\n0\r\n\r\n", "far more than the 1000 bytes"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *answer =
            repeated(rows[i].before, rows[i].part, rows[i].times, rows[i].after);
        struct outcome outcome = get_once(answer);

        failed(&outcome, OT_E_PROTOCOL, rows[i].why);
        CU_ASSERT_EQUAL(outcome.attempts, 1);
        free(answer);
    }
}

/* What a proxy on the way may add, and a body in the smallest of chunks. */
static void fault_67_what_honest_servers_send_is_taken(void)
{
    struct outcome outcome;
    char *answer = repeated(HEAD("200"), "X-Some: of what proxies add to it\r\n", 300,
                            "Content-Length: 2\r\n\r\n{}");

    outcome = get_once(answer);
    CU_ASSERT_EQUAL(outcome.status, 200);
    CU_ASSERT_EQUAL(outcome.failure, OT_OK);
    free(answer);
    answer = repeated(HEAD("200") "Transfer-Encoding: chunked\r\n\r\n", "1\r\n \r\n",
                      1000, "0\r\n\r\n");
    outcome = get_once(answer);
    CU_ASSERT_EQUAL(outcome.failure, OT_OK);
    CU_ASSERT_EQUAL(outcome.len, 1000);
    free(answer);
}

static void fault_29_too_large(void)
{
    char answer[4096], filler[2001];
    struct outcome outcome;

    memset(filler, ' ', sizeof(filler) - 1);
    filler[sizeof(filler) - 1] = '\0';
    outcome = get_once(HEAD("200") "Content-Length: 1001\r\n\r\n{}");
    failed(&outcome, OT_E_PROTOCOL, "more than the 1000 bytes");
    CU_ASSERT_EQUAL(outcome.attempts, 1);
    snprintf(answer, sizeof(answer), HEAD("200") "\r\n%s", filler);
    outcome = get_once(answer);
    failed(&outcome, OT_E_PROTOCOL, "more than the 1000 bytes");
    snprintf(answer, sizeof(answer),
             HEAD("200") "Transfer-Encoding: chunked\r\n\r\n7d0\r\n%s\r\n0\r\n\r\n",
             filler);
    outcome = get_once(answer);
    failed(&outcome, OT_E_PROTOCOL, "more than the 1000 bytes");
    CU_ASSERT_EQUAL(outcome.attempts, 1);
    snprintf(answer, sizeof(answer), HEAD("200") "Content-Length: 1000\r\n\r\n%.1000s",
             filler);
    outcome = get_once(answer);
    CU_ASSERT_EQUAL(outcome.failure, OT_OK);
    CU_ASSERT_EQUAL(outcome.len, 1000);
}

static void fault_29_decompression_bomb(void)
{
    /* gzip of {"packed":true} */
    static const unsigned char packed[] = {
        0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xab, 0x56,
        0x2a, 0x48, 0x4c, 0xce, 0x4e, 0x4d, 0x51, 0xb2, 0x2a, 0x29, 0x2a, 0x4d,
        0xad, 0x05, 0x00, 0x89, 0xe0, 0xb5, 0xdc, 0x0f, 0x00, 0x00, 0x00};
    /* gzip of gzip of 8 MiB of zeros */
    static const unsigned char bomb[] = {
        0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xed, 0xd7, 0xb1,
        0x0d, 0x82, 0x40, 0x00, 0x85, 0xe1, 0x3b, 0x2e, 0x26, 0x17, 0x46, 0xb0, 0x21,
        0x26, 0xee, 0xc0, 0x04, 0xce, 0xc1, 0x2a, 0x24, 0x94, 0x36, 0x0e, 0xe0, 0x0e,
        0x2c, 0x60, 0xc3, 0x0a, 0xb4, 0xac, 0x40, 0x18, 0x41, 0x3c, 0xc6, 0xc0, 0x7c,
        0x5f, 0xf5, 0xd7, 0xaf, 0x7b, 0xcd, 0x33, 0x87, 0x43, 0x95, 0xd6, 0x29, 0xc6,
        0x12, 0xfd, 0xeb, 0x3b, 0x6e, 0xb9, 0x0e, 0x00, 0x00, 0x00, 0xc0, 0x9f, 0xeb,
        0x97, 0x21, 0x55, 0x47, 0xdc, 0xf6, 0xae, 0xbd, 0xdb, 0x03, 0x00, 0x00, 0x00,
        0x4e, 0xe0, 0x7d, 0x79, 0x7c, 0xe6, 0x6b, 0xb9, 0xf5, 0xe1, 0x07, 0xdb, 0x19,
        0xd4, 0xa7, 0xef, 0x1f, 0x00, 0x00};
    struct peer_answer answer = {.close = true};
    struct outcome outcome;
    char bytes[512];
    int head;

    head = snprintf(bytes, sizeof(bytes),
                    HEAD("200") "Content-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n",
                    sizeof(packed));
    memcpy(bytes + head, packed, sizeof(packed));
    answer.bytes = bytes;
    answer.len = (size_t)head + sizeof(packed);
    outcome = against(&answer, 1, &client_get_x, NULL);
    CU_ASSERT_EQUAL(outcome.failure, OT_OK);
    CU_ASSERT_STRING_EQUAL(outcome.body, "{\"packed\":true}");
    head = snprintf(
        bytes, sizeof(bytes),
        HEAD("200") "Content-Encoding: gzip, gzip\r\nContent-Length: %zu\r\n\r\n",
        sizeof(bomb));
    memcpy(bytes + head, bomb, sizeof(bomb));
    answer.len = (size_t)head + sizeof(bomb);
    outcome = against(&answer, 1, &client_get_x, NULL);
    failed(&outcome, OT_E_PROTOCOL, "more than the 1000 bytes");
    CU_ASSERT_EQUAL(outcome.attempts, 1);
    /* What claims to be compressed and is not. */
    outcome =
        get_once(HEAD("200") "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}");
    failed(&outcome, OT_E_PROTOCOL, "decompressed");
}

static void fault_32_what_is_not_http(void)
{
    struct outcome outcome = get_once("SSH-2.0-OpenSSH_9.2\r\n\r\n");

    CU_ASSERT_EQUAL(outcome.failure, OT_E_PROTOCOL);
    CU_ASSERT_PTR_NOT_NULL(strstr(outcome.message, "does not speak HTTP"));
    outcome = get_once(
        "HTTP/1.1 200 OK\r\nContent-Type: text/HTML;charset=x\r\nContent-Length: 6"
        "\r\n\r\n<html>");
    CU_ASSERT_EQUAL(outcome.failure, OT_OK);
    CU_ASSERT_STRING_EQUAL(outcome.type, "text/html");
    outcome = get_once("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    CU_ASSERT_STRING_EQUAL(outcome.type, "");
}

static void fault_33_redirects_are_refused(void)
{
    static const char *const statuses[] = {"301", "302", "303", "307", "308", "300"};
    const struct peer_answer ok = {.bytes = OK};
    struct peer *other =
        peer_start(&(struct peer_options){.script = &ok, .script_len = 1});
    char answer[256], target[64];
    struct outcome outcome;

    snprintf(target, sizeof(target), "http://127.0.0.1:%u", peer_port(other));
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        snprintf(answer, sizeof(answer),
                 "HTTP/1.1 %s x\r\nLocation: %s/v1/secret?token=1\r\nContent-Length: 0"
                 "\r\n\r\n",
                 statuses[i], target);
        outcome = get_once(answer);
        failed(&outcome, OT_E_PROTOCOL, target);
        CU_ASSERT_EQUAL(outcome.attempts, 1);
        CU_ASSERT_PTR_NULL(strstr(outcome.message, "token"));
    }
    outcome = get_once("HTTP/1.1 302 x\r\nLocation: https://elsewhere.example:99/x\r\n"
                       "Content-Length: 0\r\n\r\n");
    failed(&outcome, OT_E_PROTOCOL, "https://elsewhere.example:99");
    outcome = get_once("HTTP/1.1 302 x\r\nLocation: file:///etc/passwd\r\n"
                       "Content-Length: 0\r\n\r\n");
    CU_ASSERT_EQUAL(outcome.failure, OT_E_PROTOCOL);
    outcome = get_once("HTTP/1.1 304 x\r\n\r\n");
    CU_ASSERT_EQUAL(outcome.failure, OT_E_PROTOCOL);
    CU_ASSERT_EQUAL(peer_requests(other), 0);
    peer_stop(other);
}

static const struct unit_case cases[] = {
    {"fault_21_refused_keys_are_not_tried_again",
     fault_21_refused_keys_are_not_tried_again},
    {"fault_24_retry_after_is_honoured", fault_24_retry_after_is_honoured},
    {"fault_24_beyond_the_cap_it_stops", fault_24_beyond_the_cap_it_stops},
    {"fault_25_server_errors_pass_or_not", fault_25_server_errors_pass_or_not},
    {"fault_25_broken_connections", fault_25_broken_connections},
    {"fault_25_a_silent_peer_times_out", fault_25_a_silent_peer_times_out},
    {"fault_25_nobody_listens", fault_25_nobody_listens},
    {"fault_25_unknown_names", fault_25_unknown_names},
    {"fault_25_a_write_is_not_sent_twice", fault_25_a_write_is_not_sent_twice},
    {"fault_25_not_even_on_a_dead_connection", fault_25_not_even_on_a_dead_connection},
    {"fault_27_slow_loris", fault_27_slow_loris},
    {"fault_28_truncated_answers", fault_28_truncated_answers},
    {"fault_28_chunks_that_are_none", fault_28_chunks_that_are_none},
    {"fault_67_what_is_not_the_body_is_bounded",
     fault_67_what_is_not_the_body_is_bounded},
    {"fault_67_what_honest_servers_send_is_taken",
     fault_67_what_honest_servers_send_is_taken},
    {"fault_29_too_large", fault_29_too_large},
    {"fault_29_decompression_bomb", fault_29_decompression_bomb},
    {"fault_32_what_is_not_http", fault_32_what_is_not_http},
    {"fault_33_redirects_are_refused", fault_33_redirects_are_refused},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return unit_main("http_fault", cases, argc, argv);
}
