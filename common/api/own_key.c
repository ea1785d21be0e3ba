#include "api/own_key.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "api/api_call_internal.h"
#include "api/api_parse_internal.h"
#include "api/json.h"
#include "http/key.h"

#define ADMIN_KEYS "/organization/admin_api_keys"
/* An organization with more keys than this has other worries. */
#define PAGES_MAX 20

struct listed_key {
    char id[OT_ID_MAX + 1];
    char shown[80]; /* "sk-admin...def"; cut off: like no key */
    int64_t ends_at;
};

struct key_page {
    struct listed_key *keys;
    size_t count;
    bool has_more;
};

static enum ot_status parse_key(void *place, const cJSON *item, const char *path,
                                const void *arg, struct ot_error *err)
{
    struct listed_key *key = place;
    const char *shown = "";
    enum ot_status status =
        ot_json_literal(item, "object", path, "organization.admin_api_key", err);

    (void)arg;
    if (status == OT_OK)
        status = ot_api_parse_id(key->id, item, path, err);
    if (status == OT_OK)
        status = ot_json_string(item, "redacted_value", path, &shown, err);
    if (status == OT_OK && strlen(shown) < sizeof(key->shown))
        strcpy(key->shown, shown);
    if (status == OT_OK &&
        !cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(item, "expires_at")))
        status = ot_json_int(item, "expires_at", path, &key->ends_at, err);
    return status;
}

static enum ot_status parse_keys(const struct ot_api_call *call,
                                 const struct ot_http_answer *answer,
                                 struct ot_error *err)
{
    struct key_page *page = call->out;
    struct ot_api_array array = {NULL, 0};
    cJSON *root = NULL;
    enum ot_status status = ot_api_parse_list(
        &array, sizeof(*page->keys), &page->has_more, &root, answer, parse_key, err);

    page->keys = array.items;
    page->count = array.count;
    cJSON_Delete(root);
    return status;
}

static enum ot_status get_key_page(struct ot_api *api, const char *after,
                                   struct key_page *page, struct ot_error *err)
{
    struct ot_api_call call = {
        .api = api,
        .what = "list the admin keys",
        .parse = parse_keys,
        .out = page,
    };

    return ot_api_perform_list(&call, ADMIN_KEYS, "", after, err);
}

/* First letters, dots or stars, last letters: neither part alone tells keys apart. */
static bool is_shown_as(const char *shown, const struct ot_key *key)
{
    size_t head = strcspn(shown, ".*");
    const char *tail = shown + head + strspn(shown + head, ".*");
    size_t tail_len = strlen(tail);

    return head > 0 && tail_len > 0 && head + tail_len < key->len &&
           memcmp(shown, key->secret, head) == 0 &&
           memcmp(tail, key->secret + key->len - tail_len, tail_len) == 0;
}

enum ot_status ot_api_own_key_end(struct ot_api *api, const struct ot_key *key,
                                  int64_t *ends_at, struct ot_error *err)
{
    char after[OT_ID_MAX + 1] = "";
    enum ot_status status = OT_OK;
    bool has_more = true;
    unsigned own = 0;

    *ends_at = 0;
    for (int i = 0; status == OT_OK && has_more && i < PAGES_MAX; i++) {
        struct key_page page = {NULL, 0, false};

        status = get_key_page(api, after, &page, err);
        for (size_t k = 0; status == OT_OK && k < page.count; k++) {
            if (is_shown_as(page.keys[k].shown, key) && own++ == 0)
                *ends_at = page.keys[k].ends_at;
        }
        has_more = page.has_more;
        if (status == OT_OK && has_more)
            strcpy(after, page.keys[page.count - 1].id);
        free(page.keys);
    }
    if (status != OT_OK || own != 1)
        *ends_at = 0;
    return status;
}
