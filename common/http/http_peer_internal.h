/* What a TLS server showed, for the sentence that says why it was refused. */
#ifndef OT_HTTP_HTTP_PEER_INTERNAL_H
#define OT_HTTP_HTTP_PEER_INTERNAL_H

#include <openssl/x509_vfy.h>
#include <stdbool.h>

#include "base/error.h"

/* Of the connection that was verified last. Zeroed: none was. */
struct ot_http_peer {
    X509 *cert;             /* its own certificate */
    STACK_OF(X509) * shown; /* all that it sent, its own first; may be NULL */
    X509 *culprit;          /* the one of its chain that was looked at last */
    int error;              /* X509_V_ERR_…, X509_V_OK where the chain is good */
};

/* To be called after X509_verify_cert, of which it changes nothing. */
void ot_http_peer_note(struct ot_http_peer *peer, X509_STORE_CTX *ctx);
void ot_http_peer_clear(struct ot_http_peer *peer);

/* Whether it was refused because nobody vouches for it. */
bool ot_http_peer_is_unknown(const struct ot_http_peer *peer);

/* What else its sentence names. */
struct ot_http_peer_place {
    const char *before;  /* the beginning of the sentence, with the host */
    const char *source;  /* its name */
    const char *address; /* the key, or keys, by which the host was named */
    const char *trust;   /* the file or directory of authorities in use */
};

/* Says why the certificate that was noted was refused: another name, its time, its
 * issuer, or what else OpenSSL said. Only after a failed verification, and where there is
 * a certificate. Returns OT_E_NETWORK. */
enum ot_status ot_http_peer_refused(struct ot_error *err, const struct ot_http_peer *peer,
                                    const struct ot_http_peer_place *place);

#endif
