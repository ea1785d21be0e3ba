/* What the hosted API takes as an upload, beyond what its description says: an authority
 * that may sign certificates and revocation lists, with both key identifiers, below 16
 * KB, that is valid for more than one more day. */
#ifndef OT_CERT_UPLOAD_RULES_H
#define OT_CERT_UPLOAD_RULES_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* The codes that the hosted API answers with. */
#define OT_CODE_CERTIFICATE_INVALID "mtls_certificate_invalid"
#define OT_CODE_CERTIFICATE_EXPIRED "expired_certificate"

/* Checks the first certificate of a text of text_len bytes at Unix time now.
 * OT_E_PROTOCOL: it would be refused with *code, for the reason in err, "it …";
 * OT_E_NOMEM. */
enum ot_status ot_upload_rules_check(const uint8_t *der, size_t len, size_t text_len,
                                     int64_t now, const char **code,
                                     struct ot_error *err);

#endif
