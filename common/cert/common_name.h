/* The common name that a certificate is known by. */
#ifndef OT_CERT_COMMON_NAME_H
#define OT_CERT_COMMON_NAME_H

#include <openssl/x509.h>

/* The last one of a Name, which is the most specific (RFC 5280 §4.1.2.4: a name goes from
 * the root down), in UTF-8: its length, and *utf8, which the caller frees with
 * OPENSSL_free. It may hold anything, a NUL as well. 0 and NULL: there is none. */
size_t ot_common_name(unsigned char **utf8, const X509_NAME *name);

#endif
