#include "machine/pem_blocks.h"

#include <openssl/err.h>
#include <openssl/pem.h>

enum ot_status ot_pem_blocks(BIO *bio, ot_pem_block_seen *seen, void *arg,
                             struct ot_error *err)
{
    enum ot_status status = OT_OK;
    char *name, *header;
    uint8_t *der;
    long len;

    while (status == OT_OK && PEM_read_bio(bio, &name, &header, &der, &len) == 1) {
        status = seen(arg, name, der, (size_t)len, err);
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_free(der);
    }
    ERR_clear_error(); /* the end of a file is an error of OpenSSL's */
    return status;
}
