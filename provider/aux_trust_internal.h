/* Auxiliary trust: what OpenSSL reads behind a certificate of the PEM type "TRUSTED
 * CERTIFICATE" (X509_CERT_AUX), which limits an anchor to some purposes. */
#ifndef OT_PROVIDER_AUX_TRUST_INTERNAL_H
#define OT_PROVIDER_AUX_TRUST_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snapshot/record.h"

/* Two headers of two bytes, and an OBJECT IDENTIFIER of ten for each of four purposes. */
#define OT_AUX_TRUST_MAX 44

/* How one certificate is to be handed out. */
struct ot_aux_trust {
    size_t len; /* 0: as a plain certificate, trusted for everything */
    uint8_t der[OT_AUX_TRUST_MAX];
};

/* The trust for a source's purposes (enum ot_purpose), where they are limited. A
 * certificate that is not active is trusted for nothing, whatever the purposes: a URI can
 * make it visible, not an anchor. */
void ot_aux_trust_make(struct ot_aux_trust *trust, unsigned purposes, bool active);

#endif
