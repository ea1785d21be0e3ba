/* PEM of any bytes: no crash, nothing decoded beside a private key, and what is decoded
 * comes out the same when it is encoded and decoded again. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "cert/pem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip(const uint8_t *der, size_t len)
{
    char *pem = ot_pem_encode(der, len);
    uint8_t *again = NULL;
    size_t again_len = 0;

    if (pem == NULL)
        return;
    if (ot_pem_decode(&again, &again_len, pem, strlen(pem), NULL) != OT_OK ||
        again_len != len || memcmp(again, der, len) != 0)
        abort();
    free(again);
    free(pem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ot_error err = OT_ERROR_INIT;
    uint8_t *der = NULL;
    size_t len = 0;
    enum ot_status status = ot_pem_decode(&der, &len, (const char *)data, size, &err);

    if ((status == OT_OK) != (der != NULL) || err.status != status)
        abort();
    if (status == OT_OK) {
        if (memmem(data, size, "-----BEGIN PRIVATE KEY", 22) != NULL || len == 0)
            abort();
        if (len <= OT_CERT_DER_MAX)
            round_trip(der, len);
    }
    free(der);
    return 0;
}
