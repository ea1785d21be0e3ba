#include "shared/random_text.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/hex.h"

enum ot_status ot_random_id(char *out, size_t size, const char *prefix, size_t len,
                            struct ot_error *err)
{
    unsigned char bytes[32];
    size_t at = strlen(prefix);

    if (len > sizeof(bytes) || at + 2 * len >= size)
        return ot_error_set(err, OT_E_INTERNAL, "an identifier of %zu bytes", len);
    /* Up to 256 bytes come whole once the system has started (getrandom(2)). */
    if (getrandom(bytes, len, 0) != (ssize_t)len)
        return ot_error_errno(err, OT_E_INTERNAL, errno, "cannot get random bytes");
    memcpy(out, prefix, at + 1);
    ot_hex_write(out + at, bytes, len);
    OPENSSL_cleanse(bytes, sizeof(bytes));
    return OT_OK;
}
