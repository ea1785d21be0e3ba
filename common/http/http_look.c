#include "http/http_look.h"

#include <curl/curl.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "http/http_endpoint_internal.h"
#include "http/http_failure_internal.h"
#include "http/http_memory_internal.h"

void ot_shown_chain_clear(struct ot_shown_chain *chain)
{
    for (size_t i = 0; i < chain->count; i++)
        OPENSSL_free(chain->certs[i].der);
    free(chain->certs);
    *chain = (struct ot_shown_chain){.certs = NULL};
}

static bool copy_shown(struct ot_shown_cert *cert, const X509 *from)
{
    int len = i2d_X509(from, &cert->der);

    cert->len = len > 0 ? (size_t)len : 0;
    return len > 0 && X509_digest(from, EVP_sha256(), cert->sha256, NULL) == 1;
}

static enum ot_status copy_chain(struct ot_shown_chain *chain,
                                 const struct ot_http_peer *peer, struct ot_error *err)
{
    int count = sk_X509_num(peer->shown);

    chain->is_unknown = ot_http_peer_is_unknown(peer);
    if (count <= 0)
        return ot_error_set(err, OT_E_NETWORK, "the API has shown no certificate");
    chain->certs = calloc((size_t)count, sizeof(chain->certs[0]));
    if (chain->certs == NULL)
        return ot_error_nomem(err);
    for (int i = 0; i < count; i++)
        if (!copy_shown(&chain->certs[chain->count++], sk_X509_value(peer->shown, i)))
            return ot_error_nomem(err);
    return OT_OK;
}

/* Only the certificate was what was wrong. */
static bool is_refusal(CURLcode code)
{
    return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_ISSUER_ERROR;
}

static enum ot_status look_at_chain(struct ot_shown_chain *chain,
                                    const struct ot_endpoint *endpoint,
                                    struct ot_error *err)
{
    char detail[CURL_ERROR_SIZE] = "";
    CURL *easy = curl_easy_init();
    enum ot_status status;
    CURLcode code;

    if (easy == NULL)
        return ot_error_nomem(err);
    status = ot_endpoint_apply(endpoint, easy, err);
    if (status == OT_OK &&
        (curl_easy_setopt(easy, CURLOPT_URL, endpoint->base_url) != CURLE_OK ||
         curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L) != CURLE_OK ||
         curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)endpoint->timeout_ms) !=
             CURLE_OK ||
         curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, detail) != CURLE_OK))
        status = ot_error_nomem(err);
    if (status == OT_OK) {
        code = curl_easy_perform(easy);
        status = code == CURLE_OK || is_refusal(code)
                     ? copy_chain(chain, &endpoint->peer, err)
                     : ot_http_failure(err, endpoint, easy, code, detail);
    }
    curl_easy_cleanup(easy);
    return status;
}

enum ot_status ot_http_look(struct ot_shown_chain *chain, const struct ot_source *source,
                            struct ot_error *err)
{
    struct ot_endpoint endpoint;
    enum ot_status status;

    *chain = (struct ot_shown_chain){.certs = NULL};
    status = ot_http_memory_init(err);
    if (status != OT_OK)
        return status;
    status = ot_endpoint_init_to_look(&endpoint, source, err);
    if (status == OT_OK && endpoint.tls)
        status = look_at_chain(chain, &endpoint, err);
    ot_endpoint_clear(&endpoint);
    return status;
}
