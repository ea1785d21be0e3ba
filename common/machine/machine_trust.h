/* The authorities by which the API is verified where no ca_file is configured: those that
 * this machine trusts without orgtrust. An anchor of the organization that stands in the
 * system's bundle because export_system put it there vouches for nothing here: whoever
 * holds the key of a CA that was active once could pose as the API and keep it active. */
#ifndef OT_MACHINE_MACHINE_TRUST_H
#define OT_MACHINE_MACHINE_TRUST_H

#include <openssl/x509_vfy.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Zeroed: nothing. */
struct ot_machine_trust {
    char *pem; /* what counts; NULL: the bundle as it is */
    size_t len, count;
    X509_STORE *ours; /* what was left out; NULL: nothing */
    bool is_ours;     /* a certificate was refused that only one of those vouches for */
};

/* The first of the bundles that distributions have which can be read, or NULL. Fixed, and
 * never SSL_CERT_FILE or SSL_CERT_DIR: those may lead back to our own provider. */
const char *ot_machine_bundle(void);

/* What of this bundle counts. A certificate is left out that is one of ours (by
 * system_store.h), or has the key of one, unless the distribution or the administrator
 * has that very certificate among its own. Where nothing is ours it costs a look at where
 * there would be. */
enum ot_status ot_machine_trust_load(struct ot_machine_trust *trust, const char *bundle,
                                     struct ot_error *err);
void ot_machine_trust_clear(struct ot_machine_trust *trust);

/* For SSL_CTX_set_cert_verify_callback, with a struct ot_machine_trust: verifies as ever,
 * and notes where the only way to do so would have been one of ours. */
int ot_machine_trust_verify(X509_STORE_CTX *ctx, void *trust);

#endif
