#include "cert/list_tag.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/hex.h"

struct ot_list_tag {
    EVP_MD_CTX *digest;
    bool failed;
};

enum ot_status ot_list_tag_new(struct ot_list_tag **out, struct ot_error *err)
{
    struct ot_list_tag *tag = calloc(1, sizeof(*tag));

    *out = NULL;
    if (tag != NULL)
        tag->digest = EVP_MD_CTX_new();
    if (tag == NULL || tag->digest == NULL ||
        EVP_DigestInit_ex(tag->digest, EVP_sha256(), NULL) != 1) {
        ot_list_tag_free(tag);
        return ot_error_nomem(err);
    }
    *out = tag;
    return OT_OK;
}

void ot_list_tag_free(struct ot_list_tag *tag)
{
    if (tag == NULL)
        return;
    EVP_MD_CTX_free(tag->digest);
    free(tag);
}

void ot_list_tag_add(struct ot_list_tag *tag, const char *id, size_t len)
{
    /* No id has a line's end in it. */
    if (EVP_DigestUpdate(tag->digest, id, len) != 1 ||
        EVP_DigestUpdate(tag->digest, "\n", 1) != 1)
        tag->failed = true;
}

enum ot_status ot_list_tag_finish(struct ot_list_tag *tag, char out[OT_LIST_TAG_MAX],
                                  struct ot_error *err)
{
    unsigned char md[EVP_MAX_MD_SIZE];

    out[0] = '\0';
    if (tag->failed || EVP_DigestFinal_ex(tag->digest, md, NULL) != 1)
        return ot_error_nomem(err);
    ot_hex_write(out, md, OT_LIST_TAG_LEN / 2);
    return OT_OK;
}
