#include "notify/message_internal.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/limits.h"
#include "http/key.h"
#include "memory/memory.h"
#include "memory/news.h"

#define HOST_NAME_MAX_LEN 255

static bool add_range(cJSON *root, const char *source, const struct ot_memory *memory,
                      const struct ot_mark *from, const struct ot_mark *to)
{
    static const char *const counts[OT_SIGN_COUNT] = {[OT_SIGN_BEGAN] = "began",
                                                      [OT_SIGN_CEASED] = "ceased",
                                                      [OT_SIGN_OTHER] = "other"};
    const struct ot_news *news = ot_news_between(memory, from, to);
    uint64_t count = ot_mark_count(from, to, OT_SIGN_COUNT);
    cJSON *array;

    for (int sign = 0; sign < OT_SIGN_COUNT; sign++)
        if (cJSON_AddNumberToObject(
                root, counts[sign],
                (double)ot_mark_count(from, to, (enum ot_sign)sign)) == NULL)
            return false;
    array = cJSON_AddArrayToObject(root, "news");
    for (uint64_t i = 0; array != NULL && news != NULL && i < count; i++) {
        cJSON *item = ot_news_json(source, &news[i]);

        if (item == NULL || !cJSON_AddItemToArray(array, item)) {
            cJSON_Delete(item);
            return false;
        }
    }
    return array != NULL;
}

char *ot_notify_body(const char *id, const char *source, const struct ot_memory *memory,
                     const struct ot_mark *from, const struct ot_mark *to)
{
    char host[HOST_NAME_MAX_LEN + 1] = "", *body = NULL;
    cJSON *root = cJSON_CreateObject();

    gethostname(host, HOST_NAME_MAX_LEN);
    if (root != NULL && cJSON_AddStringToObject(root, "id", id) != NULL &&
        cJSON_AddStringToObject(root, "host", host) != NULL &&
        cJSON_AddStringToObject(root, "source", source) != NULL &&
        add_range(root, source, memory, from, to))
        body = cJSON_PrintUnformatted(root);
    cJSON_Delete(root);
    return body;
}

enum ot_status ot_notify_sign(char header[OT_NOTIFY_SIGNATURE_MAX],
                              const struct ot_key *secret, int64_t now, const char *body,
                              struct ot_error *err)
{
    uint8_t mac[EVP_MAX_MD_SIZE];
    char hex[2 * OT_SHA256_LEN + 1], *text = NULL;
    int len = asprintf(&text, "%" PRId64 ".%s", now, body);
    bool good = len > 0 && HMAC(EVP_sha256(), secret->secret, (int)secret->len,
                                (const uint8_t *)text, (size_t)len, mac, NULL) != NULL;

    if (len > 0)
        free(text);
    if (!good)
        return ot_error_nomem(err);
    ot_hex_write(hex, mac, OT_SHA256_LEN);
    snprintf(header, OT_NOTIFY_SIGNATURE_MAX, "Orgtrust-Signature: t=%" PRId64 ",v1=%s",
             now, hex);
    return OT_OK;
}
