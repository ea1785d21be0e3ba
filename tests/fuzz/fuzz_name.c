/* Canonical names against OpenSSL's: whatever OpenSSL accepts as a Name we must accept,
 * and with the very same canonical bytes, which X509_NAME_hash_ex is a digest of. */
#include <openssl/x509.h>
#include <stdlib.h>

#include "snapshot/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long hash_of(const uint8_t *canon, size_t len)
{
    unsigned char digest[EVP_MAX_MD_SIZE];

    EVP_Digest(canon, len, digest, NULL, EVP_sha1(), NULL);
    return (unsigned long)digest[0] | (unsigned long)digest[1] << 8 |
           (unsigned long)digest[2] << 16 | (unsigned long)digest[3] << 24;
}

/* The name encoded anew: OpenSSL reads and keeps BER, even a SET that is not constructed;
 * what a certificate may hold, and what we must agree on, is DER. */
static X509_NAME *rebuild(X509_NAME *name)
{
    X509_NAME *copy = X509_NAME_new();
    int i, last = -1;

    for (i = 0; copy != NULL && i < X509_NAME_entry_count(name); i++) {
        const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
        int set = X509_NAME_ENTRY_set(entry);

        if (!X509_NAME_add_entry(copy, entry, -1, set == last ? -1 : 0)) {
            X509_NAME_free(copy);
            copy = NULL;
        }
        last = set;
    }
    return copy;
}

static void compare(X509_NAME *name)
{
    unsigned char *der = NULL;
    int der_len = i2d_X509_NAME(name, &der);
    const unsigned char *at = der;
    X509_NAME *again = der_len > 0 ? d2i_X509_NAME(NULL, &at, der_len) : NULL;
    uint8_t *canon;
    size_t len = 0;

    if (again != NULL) {
        canon = ot_name_canon(der, (size_t)der_len, &len);
        if (canon == NULL ||
            hash_of(canon, len) != X509_NAME_hash_ex(again, NULL, NULL, NULL))
            abort();
        free(canon);
    }
    X509_NAME_free(again);
    OPENSSL_free(der);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const unsigned char *at = data;
    X509_NAME *name = d2i_X509_NAME(NULL, &at, (long)size), *rebuilt = NULL;
    size_t len = 0;

    free(ot_name_canon(data, size, &len));
    if (name != NULL)
        rebuilt = rebuild(name);
    if (rebuilt != NULL)
        compare(rebuilt);
    X509_NAME_free(rebuilt);
    X509_NAME_free(name);
    return 0;
}
