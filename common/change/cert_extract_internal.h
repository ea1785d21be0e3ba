/* Certificates out of what holds more than certificates: PKCS #7, OpenSSL's TRUSTED
 * CERTIFICATE, and DER one behind the other. */
#ifndef OT_CHANGE_CERT_EXTRACT_INTERNAL_H
#define OT_CHANGE_CERT_EXTRACT_INTERNAL_H

#include <stddef.h>

#include "base/error.h"
#include "cert/pem.h"

/* Calls seen with the DER of each, in the order in which they stand, and ends with the
 * first answer that is not OT_OK. Of PEM every block must be a certificate, one with
 * trust settings, or PKCS #7; trust settings, signatures and revocation lists stay
 * behind. OT_E_PROTOCOL: it is none of these, or holds no certificate. Private keys are
 * for the caller to refuse before. */
enum ot_status ot_cert_extract(const void *data, size_t len, ot_pem_seen *seen, void *arg,
                               struct ot_error *err);

#endif
