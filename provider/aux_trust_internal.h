/* Auxiliary trust: what OpenSSL reads behind a certificate of the PEM type "TRUSTED
 * CERTIFICATE" (X509_CERT_AUX), which limits an anchor to some purposes. */
#ifndef OT_PROVIDER_AUX_TRUST_INTERNAL_H
#define OT_PROVIDER_AUX_TRUST_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include "snapshot/record.h"

/* Three headers of two bytes, and an OBJECT IDENTIFIER of ten for each of four purposes.
 */
#define OT_AUX_TRUST_MAX 46

/* How one certificate is to be handed out. */
struct ot_aux_trust {
    size_t len; /* 0: as a plain certificate, trusted for everything */
    uint8_t der[OT_AUX_TRUST_MAX];
};

/* The trust for a source's purposes (enum ot_purpose), where they are limited, without
 * those that another source denies. Where none is left, it is rejected for every purpose:
 * a URI can make visible what is not active, not an anchor of it. */
void ot_aux_trust_make(struct ot_aux_trust *trust, unsigned purposes, unsigned denied);

#endif
