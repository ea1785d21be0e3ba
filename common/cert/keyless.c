#include "cert/keyless_internal.h"

#include <openssl/provider.h>
#include <openssl/x509.h>
#include <pthread.h>

static pthread_once_t made_once = PTHREAD_ONCE_INIT;

/* Where no key can be made, for nobody offers any. NULL, for want of memory, is the
 * default context: slower, and the same facts. */
static OSSL_LIB_CTX *keyless;

static void make_keyless(void)
{
    keyless = OSSL_LIB_CTX_new();
    /* With a provider of its own the context does not load the default one. */
    if (keyless != NULL && OSSL_PROVIDER_load(keyless, "null") == NULL) {
        OSSL_LIB_CTX_free(keyless);
        keyless = NULL;
    }
}

X509 *ot_keyless_read(struct ot_span der, size_t *used)
{
    const uint8_t *p = der.data;
    X509 *x509;

    pthread_once(&made_once, make_keyless);
    x509 = (X509 *)ASN1_item_d2i_ex(NULL, &p, (long)der.len, ASN1_ITEM_rptr(X509),
                                    keyless, NULL);
    *used = (size_t)(p - der.data);
    return x509;
}
