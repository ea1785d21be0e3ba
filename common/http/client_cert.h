/* The client certificate of a source (client_cert, client_key), which an API that asks
 * for one is shown. */
#ifndef OT_HTTP_CLIENT_CERT_H
#define OT_HTTP_CLIENT_CERT_H

#include <openssl/ssl.h>
#include <stdbool.h>

#include "base/error.h"

struct ot_source;

/* Zeroed: there is none. */
struct ot_client_cert {
    X509 *cert;
    STACK_OF(X509) * chain; /* what is sent behind it; may be NULL */
    EVP_PKEY *key;
};

/* PEM files, or "pkcs11:" URIs where OpenSSL has a provider for them; a key that others
 * may read is refused, and nobody is asked for a passphrase. OT_E_CONFIG or OT_E_UNSAFE
 * names the key of the configuration. On failure the caller clears it. */
enum ot_status ot_client_cert_load(struct ot_client_cert *out,
                                   const struct ot_source *source, struct ot_error *err);
void ot_client_cert_clear(struct ot_client_cert *own);

/* Whether a context was given it. */
bool ot_client_cert_use(const struct ot_client_cert *own, SSL_CTX *context);

#endif
