/* What all requests of one source share: where to, with which key, trusting whom. */
#ifndef OT_HTTP_HTTP_ENDPOINT_INTERNAL_H
#define OT_HTTP_HTTP_ENDPOINT_INTERNAL_H

#include <curl/curl.h>
#include <stdint.h>

#include "base/error.h"
#include "http/client_cert.h"
#include "http/http_peer_internal.h"
#include "machine/machine_trust.h"

struct ot_key;
struct ot_source;

struct ot_endpoint {
    char *base_url;
    char *source;     /* its name, for messages */
    char *host;       /* of base_url, with its port where given, for messages */
    char *proxy;      /* NULL: none */
    char *proxy_host; /* without the credentials that proxy may hold, for messages */
    char *ca_file, *ca_dir; /* one of them over TLS */
    struct ot_machine_trust
        machine;              /* what counts of ca_file, where it is the system's */
    struct ot_http_peer peer; /* what the server showed, for messages */
    struct ot_client_cert own;
    bool tls;
    bool only_looks;   /* nothing is sent, whoever answers: for http_look.h */
    bool has_answered; /* so that it is known to speak HTTP */
    int64_t connect_timeout_ms, timeout_ms;
    unsigned low_speed_s;
    char *authorization; /* the header's line, NULL without a key; wiped */
    size_t authorization_len, key_len;
    /* Header lists whose nodes are ours, so that libcurl makes no copy of the key that
     * nobody wipes. The lines of a body lead into those of all requests. */
    struct curl_slist body_headers[2], headers[5];
    char *organization, *project, *more; /* header lines; NULL: none */
};

/* The endpoint must not move afterwards. On failure the caller clears it. OT_E_CONFIG:
 * base_url, proxy or ca_file cannot be used. */
enum ot_status ot_endpoint_init(struct ot_endpoint *endpoint,
                                const struct ot_source *source, const struct ot_key *key,
                                unsigned low_speed_s, struct ot_error *err);
/* The same to see who answers, without a key and whether or not there is anybody who
 * could vouch for it. */
enum ot_status ot_endpoint_init_to_look(struct ot_endpoint *endpoint,
                                        const struct ot_source *source,
                                        struct ot_error *err);
void ot_endpoint_clear(struct ot_endpoint *endpoint);

/* One more line, which is copied, in the requests from now on; once. */
enum ot_status ot_endpoint_add_header(struct ot_endpoint *endpoint, const char *line,
                                      struct ot_error *err);

/* The options of a handle that never change between requests. */
enum ot_status ot_endpoint_apply(const struct ot_endpoint *endpoint, CURL *easy,
                                 struct ot_error *err);

/* "scheme://host:port" or "host:port" of a URL, without credentials; NULL: out of memory
 * or no URL. The caller frees it with free(). */
char *ot_endpoint_host_of(const char *url, bool with_scheme);

#endif
