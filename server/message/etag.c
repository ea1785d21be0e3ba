#include "message/etag.h"

#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "shared/digest.h"

#define TAG_BYTES 16

/* Part of every tag: to be raised when the shape of an answer changes. */
static const char representation[] = "orgtrust-server/2";

static bool add_part(EVP_MD_CTX *digest, const void *data, size_t len)
{
    uint64_t prefix = len;

    return EVP_DigestUpdate(digest, &prefix, sizeof(prefix)) == 1 &&
           EVP_DigestUpdate(digest, data, len) == 1;
}

void ot_etag_make(char etag[OT_ETAG_MAX], const struct ot_etag_part *parts, size_t count)
{
    unsigned char md[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    bool ok = digest != NULL &&
              EVP_DigestInit_ex(digest, ot_digest_sha256(), NULL) == 1 &&
              add_part(digest, representation, sizeof(representation));

    for (size_t i = 0; ok && i < count; i++)
        ok = add_part(digest, parts[i].data, parts[i].len);
    etag[0] = '\0';
    if (ok && EVP_DigestFinal_ex(digest, md, NULL) == 1) {
        etag[0] = '"';
        ot_hex_write(etag + 1, md, TAG_BYTES);
        strcpy(etag + 1 + 2 * TAG_BYTES, "\"");
    }
    EVP_MD_CTX_free(digest);
}

bool ot_etag_matches(const char *etag, const char *if_none_match)
{
    if (if_none_match == NULL || etag[0] == '\0')
        return false;
    /* The tag is quoted hexadecimal: it cannot be part of another one. */
    return strcmp(if_none_match, "*") == 0 || strstr(if_none_match, etag) != NULL;
}
