#include "api/api_answer_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api_parse_internal.h"
#include "config/source.h"
#include "http/http.h"
#include "http/http_request.h"
#include "http/key.h"

/* As much of the API's own message as fits a sentence of ours. */
#define MESSAGE_CHARS_MAX 320

enum ot_status
ot_api_checker_init(struct ot_api_checker *checker, const struct ot_http *http,
                    const struct ot_source *source, const struct ot_key *key,
                    const struct ot_http_tuning *tuning, struct ot_error *err)
{
    memset(checker, 0, sizeof(*checker));
    checker->http = http;
    checker->has_key = key != NULL && key->secret != NULL;
    if (checker->has_key)
        snprintf(checker->key_origin, sizeof(checker->key_origin), "%s", key->origin);
    checker->has_client_cert = source->client_cert != NULL;
    checker->retry_after_max_ms = tuning->retry_after_max_ms;
    checker->source = strdup(source->name);
    ot_api_checker_reset(checker);
    return checker->source != NULL ? OT_OK : ot_error_nomem(err);
}

void ot_api_checker_clear(struct ot_api_checker *checker)
{
    free(checker->source);
    memset(checker, 0, sizeof(*checker));
}

void ot_api_checker_reset(struct ot_api_checker *checker)
{
    checker->last_status = 0;
    checker->retry_after_ms = -1;
}

/* ": message", or nothing where the body is not in the API's form. Our sentence goes on
 * behind it: without its full stop. */
static void quote_message(char *text, size_t size, const struct ot_http_answer *answer)
{
    char message[MESSAGE_CHARS_MAX];
    size_t len;

    text[0] = '\0';
    if (answer->body == NULL ||
        !ot_api_parse_error(message, sizeof(message), answer->body, answer->len))
        return;
    len = strlen(message);
    if (len > 1 && message[len - 1] == '.' && message[len - 2] != '.')
        message[len - 1] = '\0';
    snprintf(text, size, ": %s", message);
}

/* Whether the organization is full, which orgtrust-server says with a code of its own. */
static bool is_limit(const struct ot_http_answer *answer)
{
    return answer->body != NULL &&
           ot_api_parse_error_is(answer->body, answer->len, "certificate_limit_reached");
}

static enum ot_status refuse_key(const struct ot_api_checker *checker, long status,
                                 const char *message, struct ot_error *err)
{
    const enum ot_status refusal = status == 403 ? OT_E_FORBIDDEN : OT_E_AUTH;
    const char *host = ot_http_host(checker->http);

    if (!checker->has_key && status == 403) /* a relay asks who calls, not for a key */
        return ot_error_set(err, refusal,
                            "%s refuses this machine (status 403)%s; there is no admin "
                            "key: if that is a relay, have its administrator admit this "
                            "machine, else set admin_key_file of the source %s",
                            host, message, checker->source);
    if (!checker->has_key)
        return ot_error_set(err, refusal,
                            "%s wants an admin key (status %ld)%s; there is none: set "
                            "admin_key_file of the source %s, or OPENAI_ADMIN_KEY",
                            host, status, message, checker->source);
    return ot_error_set(
        err, refusal,
        "%s refuses the admin key from %s (status %ld)%s; check that it is "
        "an admin key of the right organization and %s",
        host, checker->key_origin, status, message,
        status == 403 ? "may do this" : "still valid");
}

static bool is_bad_request_page(const struct ot_http_answer *answer, const char *words)
{
    return answer->status == 400 && answer->body != NULL &&
           strcmp(answer->content_type, "text/html") == 0 &&
           memmem(answer->body, answer->len, words, strlen(words)) != NULL;
}

/* nginx, which is in front of many an API, says so on a page of its own: 400 "No required
 * SSL certificate was sent", or "The SSL certificate error". */
static bool is_about_client_cert(const struct ot_http_answer *answer)
{
    return is_bad_request_page(answer, "SSL certificate");
}

/* The same of nginx and of Apache: "The plain HTTP request was sent to HTTPS port",
 * "You're speaking plain HTTP to an SSL-enabled server port". */
static bool is_about_plain_http(const struct ot_http_answer *answer)
{
    return is_bad_request_page(answer, "to HTTPS port") ||
           is_bad_request_page(answer, "plain HTTP to an SSL-enabled");
}

static enum ot_status refuse_client(const struct ot_api_checker *checker, long status,
                                    struct ot_error *err)
{
    const char *host = ot_http_host(checker->http);

    if (checker->has_client_cert)
        return ot_error_set(err, OT_E_AUTH,
                            "%s does not take the client certificate (status %ld): check "
                            "client_cert of the source %s",
                            host, status, checker->source);
    return ot_error_set(err, OT_E_AUTH,
                        "%s asks for a client certificate (status %ld): set client_cert "
                        "and client_key of the source %s, orgtrust.conf(5)",
                        host, status, checker->source);
}

static enum ot_status refuse_rate(const struct ot_api_checker *checker,
                                  const struct ot_http_answer *answer,
                                  const char *message, struct ot_error *err)
{
    const char *host = ot_http_host(checker->http);

    if (answer->retry_after_ms < 0)
        return ot_error_set(err, OT_E_RATE, "%s has had too many requests (status %ld)%s",
                            host, answer->status, message);
    return ot_error_set(
        err, OT_E_RATE, "%s asks to be left alone for %lld s (status %ld)%s", host,
        (long long)((answer->retry_after_ms + 999) / 1000), answer->status, message);
}

/* Most have left the end of the address out. */
static enum ot_status refuse_other_path(const struct ot_api_checker *checker,
                                        const char *message, struct ot_error *err)
{
    static const char version[] = "/v1";
    const char *host = ot_http_host(checker->http);
    const char *base_url = ot_http_base_url(checker->http);
    const size_t len = strlen(base_url), end = strlen(version);

    if (len < end || strcmp(base_url + len - end, version) != 0)
        return ot_error_set(err, OT_E_NOT_FOUND,
                            "%s knows nothing of the kind (status 404)%s; base_url of "
                            "the source %s is %s, and that of the API ends in %s",
                            host, message, checker->source, base_url, version);
    return ot_error_set(err, OT_E_NOT_FOUND,
                        "%s knows nothing of the kind (status 404)%s; check the id, and "
                        "base_url and project of the source %s",
                        host, message, checker->source);
}

static enum ot_status check_status(const struct ot_api_checker *checker,
                                   const struct ot_http_answer *answer,
                                   struct ot_error *err)
{
    const char *host = ot_http_host(checker->http);
    char message[MESSAGE_CHARS_MAX + 2];
    long status = answer->status;

    quote_message(message, sizeof(message), answer);
    if (status == 401 || status == 403)
        return refuse_key(checker, status, message, err);
    /* Of a 503 alone the header says that the API is too busy; any other status speaks
     * for itself. */
    if (status == 429 ||
        (status == 503 && answer->retry_after_ms > checker->retry_after_max_ms))
        return refuse_rate(checker, answer, message, err);
    if (status == 404)
        return refuse_other_path(checker, message, err);
    if (is_about_client_cert(answer))
        return refuse_client(checker, status, err);
    if (is_about_plain_http(answer))
        return ot_error_set(err, OT_E_NETWORK,
                            "%s speaks HTTPS and was spoken to by plain HTTP: write "
                            "base_url = https://%s/... in the source %s",
                            host, host, checker->source);
    if (status >= 400 && status < 500)
        return ot_error_set(err, is_limit(answer) ? OT_E_LIMIT : OT_E_REFUSED,
                            "%s refuses (status %ld)%s", host, status, message);
    if (status >= 500)
        return ot_error_set(
            err, OT_E_SERVER,
            "%s is in trouble (status %ld, attempts: %u)%s; try again later", host,
            status, answer->requests, message);
    return ot_error_set(err, OT_E_PROTOCOL,
                        "%s answers with status %ld, which the API never does", host,
                        status);
}

static enum ot_status check_whole_answer(const struct ot_api_checker *checker,
                                         const struct ot_http_answer *answer,
                                         struct ot_error *err)
{
    if (answer->failure != OT_OK)
        return ot_error_set(err, answer->failure, "%s", answer->error.message);
    if (answer->status < 200 || answer->status > 299)
        return check_status(checker, answer, err);
    if (strcmp(answer->content_type, "application/json") != 0)
        return ot_error_set(
            err, OT_E_PROTOCOL,
            "%s answers with %s where the API has application/json; that is "
            "probably the page of a captive portal or a proxy, or base_url "
            "of the source %s is wrong",
            ot_http_host(checker->http),
            answer->content_type[0] != '\0' ? answer->content_type : "no content type",
            checker->source);
    return OT_OK;
}

static void note_answer(struct ot_api_checker *checker,
                        const struct ot_http_answer *answer)
{
    checker->last_status = answer->status;
    checker->retry_after_ms = answer->retry_after_ms;
}

static void note_good_answer(struct ot_api_checker *checker,
                             const struct ot_http_answer *answer)
{
    checker->key_ends_at = answer->key_expires_at;
    checker->takes_reports |= answer->takes_reports;
    checker->takes_waits = answer->takes_waits;
    checker->gives_contents = answer->gives_contents;
}

enum ot_status ot_api_checker_check(struct ot_api_checker *self,
                                    const struct ot_http_answer *answer,
                                    struct ot_error *err)
{
    enum ot_status status;

    status = check_whole_answer(self, answer, err);
    if (status != OT_OK)
        note_answer(self, answer);
    else
        note_good_answer(self, answer);
    return status;
}

bool ot_api_checker_is_unchanged(struct ot_api_checker *self,
                                 const struct ot_http_answer *answer)
{
    if (answer->failure != OT_OK || answer->status != 304)
        return false;
    note_good_answer(self, answer);
    return true;
}

void ot_api_checker_blame(struct ot_api_checker *self,
                          const struct ot_http_answer *answer, struct ot_error *err)
{
    note_answer(self, answer);
    ot_error_prefix(err, "the answer of %s is not the API's", ot_http_host(self->http));
}
