#include "machine/pem_blocks.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

/* Of a certificate with OpenSSL's trust settings behind it: without these. */
static long certificate_length(const char *name, const uint8_t *der, long len)
{
    const uint8_t *at = der;
    int tag, kind;
    long inner;

    if (strcmp(name, PEM_STRING_X509_TRUSTED) != 0 ||
        (ASN1_get_object(&at, &inner, &tag, &kind, len) & 0x81) != 0)
        return len;
    return at - der + inner;
}

enum ot_status ot_pem_blocks(BIO *bio, ot_pem_block_seen *seen, void *arg,
                             struct ot_error *err)
{
    enum ot_status status = OT_OK;
    char *name, *header;
    uint8_t *der;
    long len;

    while (status == OT_OK && PEM_read_bio(bio, &name, &header, &der, &len) == 1) {
        status = seen(arg, name, der, (size_t)certificate_length(name, der, len), err);
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_free(der);
    }
    ERR_clear_error(); /* the end of a file is an error of OpenSSL's */
    return status;
}
