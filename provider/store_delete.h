/* OSSL_FUNC_store_delete (provider-storemgmt(7), OpenSSL 3.2 and later). */
#ifndef OT_PROVIDER_STORE_DELETE_H
#define OT_PROVIDER_STORE_DELETE_H

#include <openssl/core.h>

#ifndef OSSL_FUNC_STORE_DELETE
#define OSSL_FUNC_STORE_DELETE 9
#endif

/* Deletes the certificate that orgtrust://SOURCE/ID names: 1, or 0 and why on the error
 * queue. Blocks until the API has answered. */
int ot_store_delete(void *provctx, const char *uri, const OSSL_PARAM params[],
                    OSSL_PASSPHRASE_CALLBACK *passphrase, void *passphrase_arg);

#endif
