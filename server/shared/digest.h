/* SHA-256, which OpenSSL looks for among its providers once and not for each request. */
#ifndef OT_SERVER_SHARED_DIGEST_H
#define OT_SERVER_SHARED_DIGEST_H

#include <openssl/evp.h>

/* The same for the life of the process; NULL: there is none, or no memory for it. Any
 * thread. */
const EVP_MD *ot_digest_sha256(void);

#endif
