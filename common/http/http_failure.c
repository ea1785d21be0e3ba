#include "http/http_failure_internal.h"

#include <stdio.h>
#include <string.h>

#include "http/http_endpoint_internal.h"

/* What the advice is about. */
enum advice {
    NOTHING,
    NAME,
    PROXY,
    CONNECTION,
    HANDSHAKE,
    TRUST,
    CA_FILE,
    TIME,
    BASE_URL,
    AGAIN
};

struct failure {
    CURLcode code;
    enum ot_status status;
    bool passing;
    const char *what;
    enum advice advice;
};

static const struct failure failures[] = {
    {CURLE_COULDNT_RESOLVE_HOST, OT_E_NETWORK, true, "its name cannot be resolved", NAME},
    {CURLE_COULDNT_RESOLVE_PROXY, OT_E_NETWORK, true,
     "the proxy's name cannot be resolved", PROXY},
    {CURLE_PROXY, OT_E_NETWORK, true, "the proxy refuses", PROXY},
    {CURLE_COULDNT_CONNECT, OT_E_NETWORK, true, "no connection", CONNECTION},
    {CURLE_OPERATION_TIMEDOUT, OT_E_NETWORK, true, "it took too long", TIME},
    {CURLE_PEER_FAILED_VERIFICATION, OT_E_NETWORK, false,
     "its TLS certificate is not trusted", TRUST},
    {CURLE_SSL_ISSUER_ERROR, OT_E_NETWORK, false, "its TLS certificate is not trusted",
     TRUST},
    {CURLE_SSL_CACERT_BADFILE, OT_E_CONFIG, false, "the CA certificates cannot be loaded",
     CA_FILE},
    {CURLE_SSL_CONNECT_ERROR, OT_E_NETWORK, true, "the TLS handshake failed", HANDSHAKE},
    {CURLE_SSL_CIPHER, OT_E_NETWORK, false, "the TLS handshake failed", HANDSHAKE},
    {CURLE_PARTIAL_FILE, OT_E_NETWORK, true, "the answer was cut off", AGAIN},
    {CURLE_GOT_NOTHING, OT_E_NETWORK, true, "it closed the connection without an answer",
     AGAIN},
    {CURLE_SEND_ERROR, OT_E_NETWORK, true, "the connection broke", AGAIN},
    {CURLE_RECV_ERROR, OT_E_NETWORK, true, "the connection broke", AGAIN},
    {CURLE_HTTP2, OT_E_NETWORK, true, "the HTTP/2 connection broke", AGAIN},
    {CURLE_HTTP2_STREAM, OT_E_NETWORK, true, "the HTTP/2 stream broke", AGAIN},
    {CURLE_UNSUPPORTED_PROTOCOL, OT_E_PROTOCOL, false, "what answers does not speak HTTP",
     BASE_URL},
    {CURLE_WEIRD_SERVER_REPLY, OT_E_PROTOCOL, false, "what answers does not speak HTTP",
     BASE_URL},
    {CURLE_BAD_CONTENT_ENCODING, OT_E_PROTOCOL, false,
     "the answer cannot be decompressed", NOTHING},
    {CURLE_URL_MALFORMAT, OT_E_CONFIG, false, "that is no usable address", BASE_URL},
    {CURLE_OUT_OF_MEMORY, OT_E_NOMEM, false, "out of memory", NOTHING},
};

static const struct failure unknown = {CURLE_OK, OT_E_NETWORK, false,
                                       "the transfer failed", NOTHING};

static const struct failure *find_failure(CURLcode code)
{
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
        if (failures[i].code == code)
            return &failures[i];
    return &unknown;
}

bool ot_http_failure_is_passing(CURLcode code)
{
    return find_failure(code)->passing;
}

static void append_advice(char *text, size_t size, const struct ot_endpoint *endpoint,
                          enum advice advice)
{
    const char *trust = endpoint->ca_file != NULL ? endpoint->ca_file : endpoint->ca_dir;
    const char *source = endpoint->source;

    switch (advice) {
    case NAME:
        snprintf(text, size, "; check this machine's DNS and base_url of the source %s",
                 source);
        break;
    case PROXY:
        snprintf(text, size, "; check the proxy of the source %s", source);
        break;
    case CONNECTION:
        snprintf(text, size,
                 "; check that it runs, that this machine may reach it, and base_url "
                 "of the source %s",
                 source);
        break;
    case HANDSHAKE:
        snprintf(text, size,
                 "; check that it speaks TLS 1.2 or later there and not plain HTTP; if "
                 "that is what it speaks, and it runs on this machine: base_url = http%s "
                 "in the source %s",
                 strstr(endpoint->base_url, "://"), source);
        break;
    case TRUST:
        snprintf(
            text, size,
            "; if its CA is not a public one, put that CA's certificate in a PEM file "
            "and name it as ca_file of the source %s (in use: %s)",
            source, trust != NULL ? trust : "none");
        break;
    case CA_FILE:
        snprintf(
            text, size,
            "; ca_file of the source %s must be a PEM file of certificates (in use: %s)",
            source, trust != NULL ? trust : "none");
        break;
    case TIME:
        snprintf(
            text, size,
            "; try again, or raise timeout (%lld ms) and connect_timeout (%lld ms) of "
            "the source %s",
            (long long)endpoint->timeout_ms, (long long)endpoint->connect_timeout_ms,
            source);
        break;
    case BASE_URL:
        snprintf(text, size, "; check base_url of the source %s", source);
        break;
    case AGAIN:
        snprintf(text, size, "; try again");
        break;
    case NOTHING:
        text[0] = '\0';
        break;
    }
}

static bool has_any(const char *text, const char *const *words)
{
    for (; *words != NULL; words++)
        if (strstr(text, *words) != NULL)
            return true;
    return false;
}

/* In place of libcurl's words where these say less: the system's for a connection that
 * was not made, and ours for one that ended before TLS was agreed on. */
static const char *plainer_words(CURL *easy, CURLcode code, const char *detail)
{
    long os_error = 0;
    static const char *const words[] = {"SSL_ERROR_SYSCALL", "unexpected eof",
                                        "Connection reset", NULL};

    if (code == CURLE_COULDNT_CONNECT &&
        curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os_error) == CURLE_OK &&
        os_error != 0)
        return strerror((int)os_error);
    if (code == CURLE_SSL_CONNECT_ERROR && has_any(detail, words))
        return "it closed the connection";
    return detail[0] != '\0' ? detail : curl_easy_strerror(code);
}

/* What OpenSSL says, by version, of an answer that is no TLS. */
static bool is_not_tls(CURLcode code, const char *detail)
{
    static const char *const words[] = {"wrong version number", "packet length too long",
                                        "record layer failure", "http request", NULL};

    return code == CURLE_SSL_CONNECT_ERROR && has_any(detail, words);
}

/* What comes of plain HTTP at a port of TLS, by server: the end of the connection, or an
 * alert, which is no HTTP. */
static bool may_be_tls(CURLcode code)
{
    return code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR ||
           code == CURLE_SEND_ERROR || code == CURLE_UNSUPPORTED_PROTOCOL ||
           code == CURLE_WEIRD_SERVER_REPLY;
}

static enum ot_status other_scheme(struct ot_error *err,
                                   const struct ot_endpoint *endpoint,
                                   const struct failure *failure, const char *before,
                                   const char *detail)
{
    const char *rest = strstr(endpoint->base_url, "://");

    if (endpoint->tls)
        return ot_error_set(
            err, OT_E_NETWORK,
            "%s: what answers does not speak TLS (%s); it may speak plain "
            "HTTP: give base_url of the source %s the port that speaks "
            "HTTPS, or, if it runs on this machine, base_url = http%s",
            before, detail, endpoint->source, rest);
    return ot_error_set(err, failure->status,
                        "%s: %s (%s); it may speak HTTPS: base_url = https%s in the "
                        "source %s; else try again",
                        before, failure->what, detail, rest, endpoint->source);
}

/* Of a connection through a proxy libcurl tells apart by its words alone whose fault it
 * is. */
static bool is_proxys(const struct ot_endpoint *endpoint, CURLcode code,
                      const char *detail)
{
    return endpoint->proxy_host != NULL &&
           (code == CURLE_COULDNT_CONNECT || strstr(detail, "CONNECT") != NULL);
}

static enum ot_status proxy_fails(struct ot_error *err,
                                  const struct ot_endpoint *endpoint,
                                  const struct failure *failure, const char *detail)
{
    bool is_away = strstr(detail, "CONNECT") == NULL;

    return ot_error_set(
        err, failure->status,
        "cannot get an answer from %s: the proxy %s %s (%s); check that %s, "
        "and proxy of the source %s (proxy = none goes without)",
        endpoint->host, endpoint->proxy_host,
        is_away ? "cannot be reached" : "does not let it through", detail,
        is_away ? "it runs" : "it may pass this on", endpoint->source);
}

static enum ot_status peer_fails(struct ot_error *err, const struct ot_endpoint *endpoint,
                                 const char *before)
{
    const char *trust = endpoint->ca_file != NULL ? endpoint->ca_file : endpoint->ca_dir;
    const struct ot_http_peer_place place = {
        .before = before,
        .source = endpoint->source,
        /* A proxy that is reached by TLS is verified, too. */
        .address = endpoint->proxy != NULL && strncmp(endpoint->proxy, "https:", 6) == 0
                       ? "base_url (or proxy)"
                       : "base_url",
        .trust = trust != NULL ? trust : "none",
    };

    return ot_http_peer_refused(err, &endpoint->peer, &place);
}

enum ot_status ot_http_failure(struct ot_error *err, const struct ot_endpoint *endpoint,
                               CURL *easy, CURLcode code, const char *detail)
{
    const struct failure *failure = find_failure(code);
    bool proxied = endpoint->proxy_host != NULL;
    char advice[400], before[OT_ERROR_MAX / 2];

    if (failure->advice == TRUST && endpoint->machine.is_ours)
        return ot_error_set(
            err, OT_E_NETWORK,
            "cannot get an answer from %s: its TLS certificate comes from an authority "
            "of the organization, which the system's bundle %s holds only because "
            "orgtrust put it there; that does not vouch for the API. Name the authority "
            "in a PEM file as ca_file of the source %s",
            endpoint->host, endpoint->ca_file, endpoint->source);
    if (strstr(detail, "certificate required") != NULL)
        return ot_error_set(err, OT_E_AUTH,
                            "%s asks for a client certificate: set client_cert and "
                            "client_key of the source %s, orgtrust.conf(5)",
                            endpoint->host, endpoint->source);
    if (endpoint->own.cert != NULL && strstr(detail, "alert ") != NULL)
        return ot_error_set(err, OT_E_AUTH,
                            "%s does not take the client certificate (client_cert of the "
                            "source %s): %s",
                            endpoint->host, endpoint->source, detail);
    detail = plainer_words(easy, code, detail);
    snprintf(before, sizeof(before), "cannot get an answer from %s%s%s", endpoint->host,
             proxied ? " through the proxy " : "", proxied ? endpoint->proxy_host : "");
    if (failure->advice == TRUST && endpoint->peer.cert != NULL)
        return peer_fails(err, endpoint, before);
    if (is_proxys(endpoint, code, detail))
        return proxy_fails(err, endpoint, failure, detail);
    if (endpoint->tls ? is_not_tls(code, detail)
                      : !endpoint->has_answered && may_be_tls(code))
        return other_scheme(err, endpoint, failure, before, detail);
    append_advice(advice, sizeof(advice), endpoint, failure->advice);
    return ot_error_set(err, failure->status, "%s: %s (%s)%s", before, failure->what,
                        detail, advice);
}
