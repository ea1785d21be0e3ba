#include "http/http_endpoint_internal.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/secret.h"
#include "config/source.h"
#include "http/key.h"

static char *copy_credentials(const char *text)
{
    return text != NULL ? strdup(text) : NULL;
}

char *ot_endpoint_host_of(const char *url, bool with_scheme)
{
    char *scheme = NULL, *host = NULL, *port = NULL, *result = NULL;
    CURLU *parts = curl_url();

    if (parts == NULL ||
        curl_url_set(parts, CURLUPART_URL, url, CURLU_GUESS_SCHEME) != CURLUE_OK ||
        curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
        curl_url_get(parts, CURLUPART_HOST, &host, 0) != CURLUE_OK)
        goto out;
    curl_url_get(parts, CURLUPART_PORT, &port, 0); /* absent stays NULL */
    if (asprintf(&result, "%s%s%s%s%s", with_scheme ? scheme : "",
                 with_scheme ? "://" : "", host, port != NULL ? ":" : "",
                 port != NULL ? port : "") < 0)
        result = NULL;
out:
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(parts);
    return result;
}

/* Without ca_file: what this machine trusted before us. */
static enum ot_status find_machine_trust(struct ot_endpoint *endpoint,
                                         struct ot_error *err)
{
    const char *bundle = ot_machine_bundle();
    enum ot_status status;

    if (bundle == NULL)
        return ot_error_set(err, OT_E_CONFIG,
                            "there is no CA bundle to verify %s with: install "
                            "ca-certificates, or set ca_file of the source %s",
                            endpoint->host, endpoint->source);
    endpoint->ca_file = copy_credentials(bundle);
    if (endpoint->ca_file == NULL)
        return ot_error_nomem(err);
    status = ot_machine_trust_load(&endpoint->machine, bundle, err);
    if (status == OT_OK && endpoint->machine.pem != NULL && endpoint->machine.count == 0)
        return ot_error_set(
            err, OT_E_NETWORK,
            "%s holds no authority but those of the organization, which "
            "do not vouch for %s: name the one that does in a PEM file as "
            "ca_file of the source %s",
            bundle, endpoint->host, endpoint->source);
    return status;
}

static enum ot_status find_trust(struct ot_endpoint *endpoint,
                                 const struct ot_source *source, struct ot_error *err)
{
    const char *path = source->ca_file;
    struct stat st;

    if (path == NULL)
        return find_machine_trust(endpoint, err);
    if (stat(path, &st) != 0 || access(path, R_OK) != 0)
        return ot_error_errno(err, OT_E_CONFIG, errno,
                              "cannot read ca_file %s of the source %s", path,
                              endpoint->source);
    if (S_ISDIR(st.st_mode))
        endpoint->ca_dir = copy_credentials(path);
    else
        endpoint->ca_file = copy_credentials(path);
    return endpoint->ca_dir != NULL || endpoint->ca_file != NULL ? OT_OK
                                                                 : ot_error_nomem(err);
}

/* A proxy sees what plain http carries, and plain http is for loopback only. */
static enum ot_status set_endpoint_proxy(struct ot_endpoint *endpoint,
                                         const struct ot_source *source,
                                         struct ot_error *err)
{
    if (source->proxy == NULL || !endpoint->tls)
        return OT_OK;
    endpoint->proxy = copy_credentials(source->proxy);
    endpoint->proxy_host = ot_endpoint_host_of(source->proxy, false);
    if (endpoint->proxy_host == NULL)
        return ot_error_set(err, OT_E_CONFIG,
                            "the proxy of the source %s is not a URL; it looks like "
                            "http://proxy.example.com:3128",
                            endpoint->source);
    return endpoint->proxy != NULL ? OT_OK : ot_error_nomem(err);
}

static enum ot_status set_ids(struct ot_endpoint *endpoint,
                              const struct ot_source *source, struct ot_error *err)
{
    if (source->openai_organization != NULL &&
        asprintf(&endpoint->organization, "OpenAI-Organization: %s",
                 source->openai_organization) < 0)
        endpoint->organization = NULL;
    if (source->openai_project != NULL &&
        asprintf(&endpoint->project, "OpenAI-Project: %s", source->openai_project) < 0)
        endpoint->project = NULL;
    return (source->openai_organization == NULL || endpoint->organization != NULL) &&
                   (source->openai_project == NULL || endpoint->project != NULL)
               ? OT_OK
               : ot_error_nomem(err);
}

/* Behind the last of the list; NULL: there is no such header. */
static void append_header(struct ot_endpoint *endpoint, char *line)
{
    struct curl_slist *last = endpoint->headers;

    if (line == NULL)
        return;
    while (last->next != NULL)
        last = last->next;
    last->next = last + 1;
    last[1].data = line;
    last[1].next = NULL;
}

static enum ot_status set_headers(struct ot_endpoint *endpoint, const struct ot_key *key,
                                  struct ot_error *err)
{
    static const char bearer[] = "Authorization: Bearer ";
    struct curl_slist *all = endpoint->headers, *body = endpoint->body_headers;

    if (key != NULL && key->secret != NULL) {
        endpoint->authorization_len = sizeof(bearer) - 1 + key->len;
        endpoint->key_len = key->len;
        endpoint->authorization = malloc(endpoint->authorization_len + 1);
        if (endpoint->authorization == NULL)
            return ot_error_nomem(err);
        memcpy(endpoint->authorization, bearer, sizeof(bearer) - 1);
        memcpy(endpoint->authorization + sizeof(bearer) - 1, key->secret, key->len);
        endpoint->authorization[endpoint->authorization_len] = '\0';
        ot_secret_add(endpoint->authorization + sizeof(bearer) - 1, key->len);
    }
    all[0].data = (char *)"Accept: application/json";
    all[0].next = NULL;
    append_header(endpoint, endpoint->authorization);
    append_header(endpoint, endpoint->organization);
    append_header(endpoint, endpoint->project);
    body[0].data = (char *)"Content-Type: application/json";
    body[0].next = &body[1];
    /* No question before sending a body: it is small, the round trip is not. */
    body[1].data = (char *)"Expect:";
    body[1].next = &all[0];
    return OT_OK;
}

enum ot_status ot_endpoint_add_header(struct ot_endpoint *endpoint, const char *line,
                                      struct ot_error *err)
{
    endpoint->more = strdup(line);
    if (endpoint->more == NULL)
        return ot_error_nomem(err);
    append_header(endpoint, endpoint->more);
    return OT_OK;
}

/* Into an endpoint that is zeroed but for only_looks. */
static enum ot_status fill_endpoint(struct ot_endpoint *endpoint,
                                    const struct ot_source *source,
                                    const struct ot_key *key, struct ot_error *err)
{
    enum ot_status status = OT_OK;

    endpoint->base_url = copy_credentials(source->base_url);
    endpoint->source = copy_credentials(source->name);
    if (endpoint->base_url == NULL || endpoint->source == NULL)
        return ot_error_nomem(err);
    endpoint->host = ot_endpoint_host_of(source->base_url, false);
    if (endpoint->host == NULL)
        return ot_error_set(err, OT_E_CONFIG,
                            "base_url of the source %s is not a URL: %s", source->name,
                            source->base_url);
    /* The one place where a key becomes a header. */
    status = ot_key_check_host(key, source, err);
    if (status != OT_OK)
        return status;
    endpoint->tls = strncmp(source->base_url, "https:", 6) == 0;
    endpoint->connect_timeout_ms = source->connect_timeout_ms;
    endpoint->timeout_ms = source->timeout_ms;
    if (endpoint->tls)
        status = find_trust(endpoint, source, err);
    /* To see who answers nobody needs to be trusted. */
    if (endpoint->only_looks && source->ca_file == NULL) {
        ot_error_clear(err);
        status = OT_OK;
    }
    if (status == OT_OK && endpoint->tls)
        status = ot_client_cert_load(&endpoint->own, source, err);
    if (status == OT_OK)
        status = set_endpoint_proxy(endpoint, source, err);
    if (status == OT_OK)
        status = set_ids(endpoint, source, err);
    if (status == OT_OK)
        status = set_headers(endpoint, key, err);
    return status;
}

enum ot_status ot_endpoint_init(struct ot_endpoint *endpoint,
                                const struct ot_source *source, const struct ot_key *key,
                                unsigned low_speed_s, struct ot_error *err)
{
    memset(endpoint, 0, sizeof(*endpoint));
    endpoint->low_speed_s = low_speed_s != 0 ? low_speed_s : OT_LOW_SPEED_SECONDS;
    return fill_endpoint(endpoint, source, key, err);
}

enum ot_status ot_endpoint_init_to_look(struct ot_endpoint *endpoint,
                                        const struct ot_source *source,
                                        struct ot_error *err)
{
    memset(endpoint, 0, sizeof(*endpoint));
    endpoint->low_speed_s = OT_LOW_SPEED_SECONDS;
    endpoint->only_looks = true;
    return fill_endpoint(endpoint, source, NULL, err);
}

void ot_endpoint_clear(struct ot_endpoint *endpoint)
{
    if (endpoint->authorization != NULL) {
        ot_secret_remove(endpoint->authorization + endpoint->authorization_len -
                         endpoint->key_len);
        OPENSSL_cleanse(endpoint->authorization, endpoint->authorization_len);
    }
    free(endpoint->authorization);
    free(endpoint->base_url);
    free(endpoint->source);
    free(endpoint->host);
    free(endpoint->proxy);
    free(endpoint->proxy_host);
    free(endpoint->ca_file);
    free(endpoint->ca_dir);
    free(endpoint->organization);
    free(endpoint->project);
    free(endpoint->more);
    ot_client_cert_clear(&endpoint->own);
    ot_machine_trust_clear(&endpoint->machine);
    ot_http_peer_clear(&endpoint->peer);
    memset(endpoint, 0, sizeof(*endpoint));
}

/* Verifies as OpenSSL does by itself, and keeps what a message needs. */
static int verify_and_note(X509_STORE_CTX *ctx, void *arg)
{
    struct ot_endpoint *endpoint = arg;
    int result = endpoint->machine.pem != NULL
                     ? ot_machine_trust_verify(ctx, &endpoint->machine)
                     : X509_verify_cert(ctx);

    ot_http_peer_note(&endpoint->peer, ctx);
    return result;
}

static CURLcode prepare_context(CURL *easy, void *ssl_ctx, void *arg)
{
    struct ot_endpoint *endpoint = arg;

    (void)easy;
    SSL_CTX_set_cert_verify_callback(ssl_ctx, verify_and_note, endpoint);
    return ot_client_cert_use(&endpoint->own, ssl_ctx) ? CURLE_OK : CURLE_SSL_CERTPROBLEM;
}

/* The bundle without ours, in place of the file. */
static unsigned apply_machine_trust(const struct ot_machine_trust *machine, CURL *easy)
{
    struct curl_blob pem = {.data = machine->pem, .len = machine->len};
    unsigned bad = 0;

    bad |= curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &pem);
    bad |= curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO_BLOB, &pem);
    return bad;
}

static unsigned apply_tls(const struct ot_endpoint *endpoint, CURL *easy)
{
    bool trusts_anybody =
        !endpoint->only_looks || endpoint->ca_file != NULL || endpoint->ca_dir != NULL;
    unsigned bad = 0;

    bad |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, trusts_anybody ? 1L : 0L);
    bad |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, endpoint->only_looks ? 0L : 2L);
    bad |= curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    bad |= curl_easy_setopt(easy, CURLOPT_CAINFO, endpoint->ca_file);
    bad |= curl_easy_setopt(easy, CURLOPT_CAPATH, endpoint->ca_dir);
    /* A proxy that is itself reached by TLS is verified by the same rule. */
    bad |= curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, endpoint->ca_file);
    bad |= curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, endpoint->ca_dir);
    if (endpoint->machine.pem != NULL)
        bad |= apply_machine_trust(&endpoint->machine, easy);
    bad |= curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, prepare_context);
    bad |= curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, endpoint);
    bad |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    /* The first connection tells whether requests can share it; only until then do the
     * others wait. Over HTTP/1.1 they then open connections of their own. */
    bad |= curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
    return bad;
}

static unsigned apply_limits(const struct ot_endpoint *endpoint, CURL *easy)
{
    unsigned bad = 0;

    bad |= curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                            (long)endpoint->connect_timeout_ms);
    bad |= curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, (long)OT_LOW_SPEED_BYTES);
    bad |= curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)endpoint->low_speed_s);
    bad |= curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, ""); /* all there are */
    bad |= curl_easy_setopt(easy, CURLOPT_USERAGENT, "orgtrust/" ORGTRUST_VERSION);
    return bad;
}

/* Nothing but the configuration decides where a request goes and what it carries. */
static unsigned apply_route(const struct ot_endpoint *endpoint, CURL *easy)
{
    unsigned bad = 0;

    bad |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    bad |= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    bad |= curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    bad |= curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    /* "" and not NULL: NULL would ask the environment. */
    bad |= curl_easy_setopt(easy, CURLOPT_PROXY,
                            endpoint->proxy != NULL ? endpoint->proxy : "");
    bad |= curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
    bad |= curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
    return bad;
}

enum ot_status ot_endpoint_apply(const struct ot_endpoint *endpoint, CURL *easy,
                                 struct ot_error *err)
{
    unsigned bad = apply_limits(endpoint, easy) | apply_route(endpoint, easy);

    if (endpoint->tls)
        bad |= apply_tls(endpoint, easy);
    else
        bad |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    if (bad != 0)
        return ot_error_set(err, OT_E_INTERNAL,
                            "this libcurl (%s) refuses an option that orgtrust needs",
                            curl_version());
    return OT_OK;
}
