#include "shared/digest.h"

#include <pthread.h>
#include <stddef.h>

static EVP_MD *fetched_sha256;

static void fetch_sha256(void)
{
    fetched_sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

const EVP_MD *ot_digest_sha256(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    return pthread_once(&once, fetch_sha256) == 0 ? fetched_sha256 : NULL;
}
