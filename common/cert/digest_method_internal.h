/* OpenSSL's digests, each looked up once: by its name that costs as much as computing it.
 */
#ifndef OT_CERT_DIGEST_METHOD_INTERNAL_H
#define OT_CERT_DIGEST_METHOD_INTERNAL_H

#include <openssl/types.h>

#include "snapshot/record.h"

/* NULL: this OpenSSL does not offer it (MD5 under FIPS). Thread-safe. */
const EVP_MD *ot_digest_method(enum ot_digest digest);

#endif
