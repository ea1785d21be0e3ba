/* An OpenSSL provider that offers nothing and leaves a mark: whoever loads it creates the
 * file that ORGTRUST_TEST_MARK names. */
#include <fcntl.h>
#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <stdlib.h>
#include <unistd.h>

__attribute__((visibility("default"))) OSSL_provider_init_fn OSSL_provider_init;

static const OSSL_DISPATCH nothing[] = {{0, NULL}};

int OSSL_provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
                       const OSSL_DISPATCH **out, void **provider)
{
    const char *mark = getenv("ORGTRUST_TEST_MARK");
    int fd = mark != NULL ? open(mark, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;

    (void)handle;
    (void)in;
    if (fd >= 0)
        close(fd);
    *out = nothing;
    *provider = NULL;
    return 1;
}
