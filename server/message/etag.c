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

/* so many bytes of the parts' digest, in hexadecimal, behind *at; false: none. */
static bool put_digest(char **at, const struct ot_etag_part *parts, size_t count,
                       size_t bytes)
{
    unsigned char md[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    bool ok = digest != NULL &&
              EVP_DigestInit_ex(digest, ot_digest_sha256(), NULL) == 1 &&
              add_part(digest, representation, sizeof(representation));

    for (size_t i = 0; ok && i < count; i++)
        ok = add_part(digest, parts[i].data, parts[i].len);
    ok = ok && EVP_DigestFinal_ex(digest, md, NULL) == 1;
    EVP_MD_CTX_free(digest);
    if (!ok)
        return false;
    ot_hex_write(*at, md, bytes);
    *at += 2 * bytes;
    return true;
}

void ot_etag_make(char etag[OT_ETAG_MAX], const struct ot_etag_part *parts, size_t count)
{
    char *at = etag;

    *at++ = '"';
    if (put_digest(&at, parts, count, TAG_BYTES))
        strcpy(at, "\"");
    else
        etag[0] = '\0';
}

void ot_etag_make_page(char etag[OT_ETAG_MAX], const struct ot_etag_part *parts,
                       size_t count)
{
    char *at = stpcpy(etag, OT_MOMENT_TAG_START);
    bool ok = put_digest(&at, parts, 1, OT_MOMENT_TAG_DIGITS / 2);

    *at++ = '-';
    ok = ok && put_digest(&at, parts, count, OT_MOMENT_TAG_PAGE_DIGITS / 2);
    if (ok)
        strcpy(at, "\"");
    else
        etag[0] = '\0';
}

bool ot_etag_is_of_moment(const char *etag, const char *digits)
{
    return etag[0] != '\0' &&
           strncmp(etag + strlen(OT_MOMENT_TAG_START), digits, OT_MOMENT_TAG_DIGITS) == 0;
}

bool ot_etag_is_of_same_moment(const char *etag, const char *other)
{
    return other[0] != '\0' &&
           ot_etag_is_of_moment(etag, other + strlen(OT_MOMENT_TAG_START));
}

bool ot_etag_matches(const char *etag, const char *if_none_match)
{
    if (if_none_match == NULL || etag[0] == '\0')
        return false;
    /* The tag is quoted, of digits and letters: it cannot be part of another one. */
    return strcmp(if_none_match, "*") == 0 || strstr(if_none_match, etag) != NULL;
}
