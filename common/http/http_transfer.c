#include "http/http_transfer_internal.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/api_extension.h"
#include "base/limits.h"
#include "base/secret.h"
#include "base/text.h"
#include "http/http_endpoint_internal.h"
#include "http/http_failure_internal.h"
#include "http/http_memory_internal.h"
#include "http/http_retry_internal.h"

/* libcurl's buffer of a transfer. Where an answer over HTTP/2 is longer than that, and
 * others come on the same connection, libcurl 7.88 sometimes leaves the rest of it where
 * it is until the transfer counts as too slow: every answer but the longest pages fits.
 * Else a longer one than libcurl's own only costs to be wiped. */
#define RECEIVED_AT_ONCE (256L * 1024)
#define RECEIVED_ALONE (16L * 1024)

/* What a connection's transfer may keep between answers; pages are larger and rare. */
#define BODY_KEPT_MAX (64u * 1024)

static bool grow_body(struct ot_transfer *transfer, size_t needed)
{
    size_t capacity = transfer->capacity > 0 ? transfer->capacity : 8192;
    char *body;

    if (needed <= transfer->capacity)
        return true;
    while (capacity < needed)
        capacity *= 2;
    body = malloc(capacity);
    if (body == NULL)
        return false;
    if (transfer->body != NULL) {
        memcpy(body, transfer->body, transfer->len);
        explicit_bzero(transfer->body, transfer->capacity);
    }
    free(transfer->body);
    transfer->body = body;
    transfer->capacity = capacity;
    return true;
}

/* Decoded bytes arrive here, so that the cap also stops what was compressed small. */
static size_t receive_body(char *data, size_t size, size_t count, void *arg)
{
    struct ot_transfer *transfer = arg;
    size_t n = size * count;

    if (n > transfer->request.max_bytes - transfer->len) {
        transfer->too_large = true;
        return 0;
    }
    if (!grow_body(transfer, transfer->len + n + 1)) {
        transfer->out_of_memory = true;
        return 0;
    }
    memcpy(transfer->body + transfer->len, data, n);
    transfer->len += n;
    transfer->body[transfer->len] = '\0';
    return n;
}

/* A line outside the body, of whatever answer: libcurl keeps each of them. */
static size_t receive_line(char *data, size_t size, size_t count, void *arg)
{
    struct ot_transfer *transfer = arg;
    size_t n = size * count;

    (void)data;
    transfer->head_len += n;
    transfer->head_too_large |= transfer->head_len > OT_HEAD_BYTES_MAX;
    return transfer->head_too_large ? 0 : n;
}

/* What is neither body nor line, chunk extensions for example, only shows here, where
 * nothing can be stopped; that is for check_wire. */
static int count_wire(CURL *easy, curl_infotype type, char *data, size_t n, void *arg)
{
    struct ot_transfer *transfer = arg;

    (void)easy;
    (void)data;
    if (type == CURLINFO_DATA_IN)
        transfer->wire_len += n;
    return 0;
}

static int check_wire(void *arg, curl_off_t download_total, curl_off_t download_now,
                      curl_off_t upload_total, curl_off_t upload_now)
{
    struct ot_transfer *transfer = arg;

    (void)download_total;
    (void)download_now;
    (void)upload_total;
    (void)upload_now;
    transfer->wire_too_large =
        transfer->wire_len >
        OT_HEAD_BYTES_MAX + (uint64_t)OT_WIRE_FACTOR * transfer->request.max_bytes;
    return transfer->wire_too_large;
}

static unsigned set_callbacks(CURL *easy, struct ot_transfer *transfer)
{
    const long at_once = transfer->is_beside_others ? RECEIVED_AT_ONCE : RECEIVED_ALONE;
    unsigned bad = 0;

    bad |= curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, at_once);
    bad |= curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    bad |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive_body);
    bad |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    bad |= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, receive_line);
    bad |= curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    bad |= curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, count_wire);
    bad |= curl_easy_setopt(easy, CURLOPT_DEBUGDATA, transfer);
    bad |= curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L); /* to count_wire alone */
    bad |= curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, check_wire);
    bad |= curl_easy_setopt(easy, CURLOPT_XFERINFODATA, transfer);
    bad |= curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    bad |= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->detail);
    return bad;
}

/* The size of the buffer can be set before the first request alone. */
static void set_beside_others(struct ot_transfer *transfer, bool is_beside_others)
{
    if (transfer->is_beside_others != is_beside_others) {
        curl_easy_cleanup(transfer->easy);
        transfer->easy = NULL;
    }
    transfer->is_beside_others = is_beside_others;
}

static enum ot_status make_easy(struct ot_transfer *transfer,
                                const struct ot_endpoint *endpoint, struct ot_error *err)
{
    CURL *easy = curl_easy_init();
    enum ot_status status;

    if (easy == NULL)
        return ot_error_nomem(err);
    status = set_callbacks(easy, transfer) != 0 ? ot_error_nomem(err)
                                                : ot_endpoint_apply(endpoint, easy, err);
    if (status == OT_OK)
        transfer->easy = easy;
    else
        curl_easy_cleanup(easy);
    return status;
}

static unsigned set_method(CURL *easy, const struct ot_http_request *request)
{
    unsigned bad = 0;

    bad |= curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST,
                            request->method == OT_HTTP_DELETE ? "DELETE" : NULL);
    if (request->method == OT_HTTP_POST) {
        const char *body = request->body != NULL ? request->body : "";

        bad |= curl_easy_setopt(easy, CURLOPT_POST, 1L);
        bad |= curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
        bad |=
            curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
    }
    return bad;
}

static enum ot_status set_transfer_url(CURL *easy, const struct ot_endpoint *endpoint,
                                       const char *path, struct ot_error *err)
{
    char *url = NULL;
    CURLcode code;

    if (asprintf(&url, "%s%s", endpoint->base_url, path) < 0)
        return ot_error_nomem(err);
    code = curl_easy_setopt(easy, CURLOPT_URL, url); /* makes a copy */
    free(url);
    return code == CURLE_OK ? OT_OK : ot_error_nomem(err);
}

/* Its own line leads into those of all requests. */
static CURLcode set_transfer_headers(struct ot_transfer *transfer,
                                     struct ot_endpoint *endpoint)
{
    struct curl_slist *headers = transfer->request.method == OT_HTTP_POST
                                     ? endpoint->body_headers
                                     : endpoint->headers;

    transfer->header = (struct curl_slist){
        .data = (char *)(uintptr_t)transfer->request.header, .next = headers};
    return curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER,
                            transfer->header.data != NULL ? &transfer->header : headers);
}

enum ot_status ot_transfer_prepare(struct ot_transfer *transfer,
                                   struct ot_endpoint *endpoint, bool is_beside_others,
                                   int64_t time_left_ms, struct ot_error *err)
{
    const struct ot_http_request *request = &transfer->request;
    const int64_t allowed_ms = endpoint->timeout_ms + INT64_C(1000) * request->held_s;
    const int64_t timeout_ms = allowed_ms < time_left_ms ? allowed_ms : time_left_ms;
    enum ot_status status = OT_OK;
    unsigned bad;
    CURL *easy;

    set_beside_others(transfer, is_beside_others);
    if (transfer->easy == NULL)
        status = make_easy(transfer, endpoint, err);
    if (status != OT_OK)
        return status;
    easy = transfer->easy;
    transfer->len = transfer->head_len = 0;
    transfer->wire_len = 0;
    transfer->too_large = transfer->out_of_memory = false;
    transfer->head_too_large = transfer->wire_too_large = false;
    transfer->memory_failures = ot_http_memory_failures();
    transfer->content_type[0] = transfer->etag[0] = transfer->detail[0] = '\0';
    bad = set_method(easy, request);
    bad |= set_transfer_headers(transfer, endpoint);
    bad |= curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                            (long)(timeout_ms > 0 ? timeout_ms : 1));
    bad |= curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
                            (long)endpoint->low_speed_s + request->held_s);
    bad |=
        curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)request->max_bytes);
    /* On a connection that was idle and turns out to be dead libcurl repeats a request by
     * itself; on a fresh one it does not. */
    bad |= curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, request->idempotent ? 0L : 1L);
    return bad != 0 ? ot_error_nomem(err)
                    : set_transfer_url(easy, endpoint, request->path, err);
}

/* The key may stand in it: struck out before it is cut off. */
static void read_content_type(struct ot_transfer *transfer)
{
    const char *value = NULL;
    char *text;
    size_t len;

    if (curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_TYPE, &value) != CURLE_OK ||
        value == NULL)
        return;
    text = strdup(value);
    if (text == NULL) {
        transfer->out_of_memory = true;
        return;
    }
    ot_secret_redact(text, strlen(text));
    len = strcspn(text, "; \t");
    if (len >= sizeof(transfer->content_type))
        len = sizeof(transfer->content_type) - 1;
    for (size_t i = 0; i < len; i++)
        transfer->content_type[i] = (char)tolower((unsigned char)text[i]);
    transfer->content_type[len] = '\0';
    free(text);
}

/* The value of a header field of the answer, NULL: there is none. Valid until the next
 * call. */
static const char *header_of(CURL *easy, const char *name)
{
    struct curl_header *header;

    return curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &header) == CURLHE_OK
               ? header->value
               : NULL;
}

static int64_t read_retry_after(CURL *easy, long status)
{
    int64_t ms;

    if (status != 408 && status != 409 && status != 429 && status < 500)
        return -1;
    ms = ot_http_retry_after_ms(header_of(easy, "retry-after-ms"));
    return ms >= 0
               ? ms
               : ot_http_retry_after(header_of(easy, "Retry-After"), (int64_t)time(NULL));
}

static int64_t read_key_expires(CURL *easy)
{
    const char *value = header_of(easy, OT_KEY_EXPIRES_HEADER);
    int64_t seconds = 0;

    return value != NULL && ot_text_number(&seconds, value, INT64_MAX) ? seconds : 0;
}

static bool has_header(CURL *easy, const char *name, const char *expected)
{
    const char *value = header_of(easy, name);

    return value != NULL && strcmp(value, expected) == 0;
}

static void read_etag(struct ot_transfer *transfer)
{
    const char *value = header_of(transfer->easy, "ETag");

    if (value != NULL && strlen(value) < sizeof(transfer->etag))
        strcpy(transfer->etag, value);
}

static bool is_not_modified(const struct ot_transfer *transfer,
                            const struct ot_http_answer *answer)
{
    return answer->status == 304 && transfer->request.is_conditional;
}

static void conclude_redirect(CURL *easy, const struct ot_endpoint *endpoint,
                              struct ot_http_answer *answer)
{
    const char *target = NULL;
    char *host = NULL;

    if (curl_easy_getinfo(easy, CURLINFO_REDIRECT_URL, &target) == CURLE_OK &&
        target != NULL)
        host = ot_endpoint_host_of(target, true);
    if (host != NULL)
        ot_secret_redact(host, strlen(host));
    answer->failure = ot_error_set(&answer->error, OT_E_PROTOCOL,
                                   "%s answers with a redirect to %s (status %ld); it is "
                                   "not followed, so that the key "
                                   "goes nowhere else; correct base_url of the source %s",
                                   endpoint->host, host != NULL ? host : "nowhere",
                                   answer->status, endpoint->source);
    free(host);
}

/* libcurl has other names, too, for what comes of that. */
static bool is_out_of_memory(const struct ot_transfer *transfer)
{
    return transfer->out_of_memory ||
           transfer->memory_failures != ot_http_memory_failures();
}

/* libcurl calls it a receive error, and only its words say that the chunks are at fault:
 * "Malformed encoding found in chunked-encoding", "chunk hex-length longer than 16". */
static bool has_bad_chunks(const struct ot_transfer *transfer, CURLcode result)
{
    return result == CURLE_RECV_ERROR && strstr(transfer->detail, "chunk") != NULL;
}

/* A single line that is longer than libcurl takes: until 8.5 there was no memory for it,
 * since 8.6 it is CURLE_TOO_LARGE, a name that older headers do not have. What was built
 * with those can meet it all the same. */
static bool is_long_line(CURLcode result)
{
    static const unsigned curle_too_large = 100;

    return result == CURLE_OUT_OF_MEMORY || (unsigned)result == curle_too_large;
}

static void conclude_failure(struct ot_transfer *transfer,
                             const struct ot_endpoint *endpoint, CURLcode result,
                             struct ot_http_answer *answer)
{
    ot_secret_redact(transfer->detail, strlen(transfer->detail));
    if (is_out_of_memory(transfer))
        answer->failure = ot_error_nomem(&answer->error);
    else if (transfer->too_large || result == CURLE_FILESIZE_EXCEEDED)
        answer->failure = ot_error_set(
            &answer->error, OT_E_PROTOCOL,
            "%s answers with more than the %zu bytes that its answer can have",
            endpoint->host, transfer->request.max_bytes);
    else if (transfer->head_too_large || is_long_line(result))
        answer->failure =
            ot_error_set(&answer->error, OT_E_PROTOCOL,
                         "%s answers with more than %u bytes of header or trailer lines, "
                         "which the API never does; check base_url of the source %s",
                         endpoint->host, OT_HEAD_BYTES_MAX, endpoint->source);
    else if (transfer->wire_too_large)
        answer->failure = ot_error_set(
            &answer->error, OT_E_PROTOCOL,
            "%s sends far more than the %zu bytes that its answer can have, in chunk "
            "extensions or the like; check base_url of the source %s",
            endpoint->host, transfer->request.max_bytes, endpoint->source);
    else if (has_bad_chunks(transfer, result))
        answer->failure =
            ot_error_set(&answer->error, OT_E_PROTOCOL,
                         "%s answers in chunks that are not HTTP's, or whose sizes or "
                         "trailers do not end; check base_url of the source %s",
                         endpoint->host, endpoint->source);
    else
        answer->failure = ot_http_failure(&answer->error, endpoint, transfer->easy,
                                          result, transfer->detail);
}

/* A proxy that answers CONNECT with 4xx will do so again. */
static bool is_passing(const struct ot_transfer *transfer, CURLcode result)
{
    long connect_status = 0;

    if (transfer->too_large || transfer->head_too_large || transfer->wire_too_large ||
        is_out_of_memory(transfer) || has_bad_chunks(transfer, result))
        return false;
    curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_CONNECTCODE, &connect_status);
    if (connect_status >= 400 && connect_status < 500)
        return false;
    return ot_http_failure_is_passing(result);
}

void ot_transfer_conclude(struct ot_transfer *transfer,
                          const struct ot_endpoint *endpoint, CURLcode result,
                          struct ot_http_answer *answer, struct ot_http_attempt *attempt)
{
    CURL *easy = transfer->easy;
    long sent = 0;

    memset(answer, 0, sizeof(*answer));
    answer->retry_after_ms = -1;
    answer->requests = transfer->attempts;
    answer->attempts = transfer->attempts - transfer->turned_away;
    answer->content_type = transfer->content_type;
    answer->etag = transfer->etag;
    if (result == CURLE_OK) {
        read_content_type(transfer);
        if (transfer->out_of_memory)
            result = CURLE_OUT_OF_MEMORY;
    }
    if (result != CURLE_OK) {
        conclude_failure(transfer, endpoint, result, answer);
    } else {
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &answer->status);
        answer->retry_after_ms = read_retry_after(easy, answer->status);
        answer->key_expires_at = read_key_expires(easy);
        answer->takes_reports = has_header(easy, OT_REPORTS_HEADER, OT_REPORTS_TAKEN);
        answer->takes_waits = has_header(easy, OT_WAITS_HEADER, OT_WAITS_TAKEN);
        answer->gives_contents = has_header(easy, OT_CONTENTS_HEADER, OT_CONTENTS_GIVEN);
        read_etag(transfer);
        if (answer->status >= 300 && answer->status < 400 &&
            !is_not_modified(transfer, answer))
            conclude_redirect(easy, endpoint, answer);
        answer->body = transfer->len > 0 ? transfer->body : NULL;
        answer->len = transfer->len;
    }
    curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &sent);
    *attempt = (struct ot_http_attempt){
        .method = transfer->request.method,
        .idempotent = transfer->request.idempotent,
        .sent = sent > 0,
        .passing = result != CURLE_OK && is_passing(transfer, result),
        .status = answer->status,
        .retry_after_ms = answer->retry_after_ms,
        .should_retry = result == CURLE_OK
                            ? ot_http_retry_should(header_of(easy, "x-should-retry"))
                            : 0,
        .attempts = transfer->attempts - transfer->turned_away,
    };
}

void ot_transfer_rest(struct ot_transfer *transfer)
{
    transfer->state = OT_TRANSFER_IDLE;
    if (transfer->capacity <= BODY_KEPT_MAX)
        return;
    explicit_bzero(transfer->body, transfer->capacity);
    free(transfer->body);
    transfer->body = NULL;
    transfer->capacity = transfer->len = 0;
}

void ot_transfer_clear(struct ot_transfer *transfer)
{
    curl_easy_cleanup(transfer->easy);
    if (transfer->body != NULL) /* the key may have been sent back in it */
        explicit_bzero(transfer->body, transfer->capacity);
    free(transfer->body);
    memset(transfer, 0, sizeof(*transfer));
}
