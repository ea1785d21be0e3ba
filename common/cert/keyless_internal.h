/* Reading certificates without their keys: to OpenSSL 3.0 the object of the public key is
 * nine tenths of reading one, and it serves to verify with. */
#ifndef OT_CERT_KEYLESS_INTERNAL_H
#define OT_CERT_KEYLESS_INTERNAL_H

#include <openssl/types.h>

#include "base/span.h"

/* One certificate from the start of DER, of which *used bytes are it; NULL, with
 * OpenSSL's reason on its queue: it is none, or memory ran out. A key that cannot be made
 * is no reason. The caller frees it. Thread-safe. */
X509 *ot_keyless_read(struct ot_span der, size_t *used);

#endif
