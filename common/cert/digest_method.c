#include "cert/digest_method_internal.h"

#include <openssl/evp.h>
#include <pthread.h>

/* Written once, then only read. */
static pthread_once_t prepared_once = PTHREAD_ONCE_INIT;
static EVP_MD *digest_methods[OT_DIGEST_COUNT];

static void fetch_algorithms(void)
{
    for (int i = 0; i < OT_DIGEST_COUNT; i++)
        digest_methods[i] =
            EVP_MD_fetch(NULL, ot_digest_info((enum ot_digest)i)->name, NULL);
}

const EVP_MD *ot_digest_method(enum ot_digest digest)
{
    pthread_once(&prepared_once, fetch_algorithms);
    return digest_methods[digest];
}
