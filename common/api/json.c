#include "api/json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "api/json_scan_internal.h"
#include "base/limits.h"
#include "base/secret.h"
#include "base/text.h"

/* RFC 8259 §6: integers in this range mean the same number to every reader. Beyond it,
 * 2^53 + 1 would silently become 2^53. */
#define NUMBER_MAX 9007199254740991.0

/* Four times what the API's largest object has; keeps the search for duplicates short. */
#define MEMBERS_MAX 64

/* A field's path in a message. */
#define PATH_CHARS_MAX 160

/* Only the tree shows this: two spellings of one name differ in their escapes. */
static enum ot_status check_members(const cJSON *object, struct ot_error *err)
{
    unsigned count = 0;

    for (const cJSON *a = object->child; a != NULL; a = a->next) {
        if (++count > MEMBERS_MAX)
            return ot_error_set(err, OT_E_PROTOCOL,
                                "a JSON object has more than %d members", MEMBERS_MAX);
        for (const cJSON *b = object->child; b != a; b = b->next)
            if (strcmp(a->string, b->string) == 0)
                return ot_error_set(err, OT_E_PROTOCOL,
                                    "a JSON object has the member \"%.64s\" twice",
                                    a->string);
    }
    return OT_OK;
}

/* Before anything of it is quoted. */
static void redact_node(const cJSON *node)
{
    if (cJSON_IsString(node))
        ot_secret_redact(node->valuestring, strlen(node->valuestring));
    if (!cJSON_IsObject(node))
        return;
    for (const cJSON *child = node->child; child != NULL; child = child->next)
        ot_secret_redact(child->string, strlen(child->string));
}

static enum ot_status check_node(const cJSON *node, struct ot_error *err)
{
    redact_node(node);
    if (cJSON_IsObject(node))
        return check_members(node, err);
    /* Written so that not-a-number fails too. */
    if (cJSON_IsNumber(node) && !(fabs(node->valuedouble) <= NUMBER_MAX))
        return ot_error_set(err, OT_E_PROTOCOL,
                            "a JSON number is outside the range of +/-(2^53 - 1)");
    return OT_OK;
}

static enum ot_status check_tree(const cJSON *root, struct ot_error *err)
{
    const cJSON *parents[OT_JSON_DEPTH_MAX];
    const cJSON *node = root;
    unsigned depth = 0;

    for (;;) {
        enum ot_status status = check_node(node, err);

        if (status != OT_OK)
            return status;
        if (node->child != NULL) {
            parents[depth++] = node; /* the scan has bounded the depth */
            node = node->child;
            continue;
        }
        while (depth > 0 && node->next == NULL)
            node = parents[--depth];
        if (depth == 0)
            return OT_OK;
        node = node->next;
    }
}

enum ot_status ot_json_parse(cJSON **out, const char *text, size_t len,
                             struct ot_error *err)
{
    enum ot_status status;
    cJSON *root;

    *out = NULL;
    if (text == NULL)
        text = "";
    if (!ot_text_is_utf8(text, len))
        return ot_error_set(err, OT_E_PROTOCOL, "not valid JSON: it is not UTF-8");
    status = ot_json_scan(text, len, err);
    if (status != OT_OK)
        return status;
    /* The text is well-formed, so memory is all that can be missing. */
    root = cJSON_ParseWithLengthOpts(text, len, NULL, 0);
    if (root == NULL)
        return ot_error_nomem(err);
    status = check_tree(root, err);
    if (status != OT_OK) {
        cJSON_Delete(root);
        return status;
    }
    *out = root;
    return OT_OK;
}

static const char *type_of(const cJSON *item)
{
    if (cJSON_IsObject(item))
        return "an object";
    if (cJSON_IsArray(item))
        return "an array";
    if (cJSON_IsString(item))
        return "a string";
    if (cJSON_IsNumber(item))
        return "a number";
    return cJSON_IsBool(item) ? "a boolean" : "null";
}

static enum ot_status refuse_member(const char *path, const char *key,
                                    struct ot_error *err, const char *what)
{
    bool nested = path != NULL && path[0] != '\0';
    char name[PATH_CHARS_MAX];

    if (err == NULL)
        return OT_E_PROTOCOL;
    snprintf(name, sizeof(name), "%s%s%s", nested ? path : "", nested ? "." : "", key);
    ot_error_set(err, OT_E_PROTOCOL, "the field \"%s\" %s", name, what);
    return OT_E_PROTOCOL;
}

static enum ot_status wrong_type(const char *path, const char *key, const char *expected,
                                 const cJSON *item, struct ot_error *err)
{
    char what[64];

    snprintf(what, sizeof(what), "must be %s, not %s", expected, type_of(item));
    return refuse_member(path, key, err, what);
}

/* NULL: there is none, which err says. */
static const cJSON *find_member(const cJSON *object, const char *key, const char *path,
                                struct ot_error *err)
{
    bool named = path != NULL && path[0] != '\0';
    const cJSON *item;

    if (!cJSON_IsObject(object)) {
        ot_error_set(err, OT_E_PROTOCOL, "%s must be an object, not %s",
                     named ? path : "the JSON text", type_of(object));
        return NULL;
    }
    item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (item == NULL)
        refuse_member(path, key, err, "is missing");
    return item;
}

enum ot_status ot_json_string(const cJSON *object, const char *key, const char *path,
                              const char **out, struct ot_error *err)
{
    const cJSON *item = find_member(object, key, path, err);

    if (item == NULL)
        return OT_E_PROTOCOL;
    if (!cJSON_IsString(item))
        return wrong_type(path, key, "a string", item, err);
    *out = item->valuestring;
    return OT_OK;
}

enum ot_status ot_json_string_or_null(const cJSON *object, const char *key,
                                      const char *path, const char **out,
                                      struct ot_error *err)
{
    const cJSON *item = find_member(object, key, path, err);

    if (item == NULL)
        return OT_E_PROTOCOL;
    if (!cJSON_IsString(item) && !cJSON_IsNull(item))
        return wrong_type(path, key, "a string or null", item, err);
    *out = cJSON_IsString(item) ? item->valuestring : NULL;
    return OT_OK;
}

enum ot_status ot_json_int(const cJSON *object, const char *key, const char *path,
                           int64_t *out, struct ot_error *err)
{
    const cJSON *item = find_member(object, key, path, err);

    if (item == NULL)
        return OT_E_PROTOCOL;
    if (!cJSON_IsNumber(item))
        return wrong_type(path, key, "an integer", item, err);
    /* ot_json_parse has bounded it; a fraction is the difference to the integer. */
    *out = (int64_t)item->valuedouble;
    if (item->valuedouble < (double)*out || item->valuedouble > (double)*out)
        return refuse_member(path, key, err, "must be an integer, not a fraction");
    return OT_OK;
}

enum ot_status ot_json_bool(const cJSON *object, const char *key, const char *path,
                            bool *out, struct ot_error *err)
{
    const cJSON *item = find_member(object, key, path, err);

    if (item == NULL)
        return OT_E_PROTOCOL;
    if (!cJSON_IsBool(item))
        return wrong_type(path, key, "true or false", item, err);
    *out = cJSON_IsTrue(item);
    return OT_OK;
}

enum ot_status ot_json_array(const cJSON *object, const char *key, const char *path,
                             const cJSON **out, struct ot_error *err)
{
    const cJSON *item = find_member(object, key, path, err);

    if (item == NULL)
        return OT_E_PROTOCOL;
    if (!cJSON_IsArray(item))
        return wrong_type(path, key, "an array", item, err);
    *out = item;
    return OT_OK;
}

enum ot_status ot_json_object(const cJSON *object, const char *key, const char *path,
                              const cJSON **out, struct ot_error *err)
{
    const cJSON *item = find_member(object, key, path, err);

    if (item == NULL)
        return OT_E_PROTOCOL;
    if (!cJSON_IsObject(item))
        return wrong_type(path, key, "an object", item, err);
    *out = item;
    return OT_OK;
}

enum ot_status ot_json_literal(const cJSON *object, const char *key, const char *path,
                               const char *expected, struct ot_error *err)
{
    const char *value = NULL;
    enum ot_status status = ot_json_string(object, key, path, &value, err);
    char what[256];

    if (status != OT_OK || strcmp(value, expected) == 0)
        return status;
    snprintf(what, sizeof(what), "must be \"%.80s\", not \"%.80s\"", expected, value);
    return refuse_member(path, key, err, what);
}

bool ot_json_has(const cJSON *object, const char *key)
{
    return cJSON_IsObject(object) &&
           cJSON_GetObjectItemCaseSensitive(object, key) != NULL;
}
