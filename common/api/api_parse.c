#include "api/api_parse_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api_cert.h"
#include "api/extra.h"
#include "api/json.h"
#include "base/api_extension.h"
#include "base/limits.h"
#include "base/text.h"
#include "config/identifier.h"
#include "http/http_request.h"

/* "data[4294967295].certificate_details" */
#define PATH_CHARS_MAX 64

void ot_api_cert_clear(struct ot_api_cert *cert)
{
    free(cert->name);
    free(cert->content);
    free(cert->extra);
    memset(cert, 0, sizeof(*cert));
}

void ot_api_page_clear(struct ot_api_page *page)
{
    for (size_t i = 0; i < page->count; i++)
        ot_api_cert_clear(&page->certs[i]);
    free(page->certs);
    memset(page, 0, sizeof(*page));
}

/* An id is about to become part of URLs and file contents: nothing else may pass. */
static enum ot_status copy_id(char id[OT_ID_MAX + 1], const char *text, const char *path,
                              const char *key, struct ot_error *err)
{
    size_t len = strlen(text);

    if (!ot_is_cert_id(text, len))
        return ot_error_set(
            err, OT_E_PROTOCOL,
            "the field \"%s%s%s\" is no id: \"%.80s\" (letters, digits, '_' "
            "and '-', at most %d)",
            path, path[0] != '\0' ? "." : "", key, text, OT_ID_MAX);
    memcpy(id, text, len + 1);
    return OT_OK;
}

enum ot_status ot_api_parse_id(char id[OT_ID_MAX + 1], const cJSON *item,
                               const char *path, struct ot_error *err)
{
    const char *text = NULL;
    enum ot_status status = ot_json_string(item, "id", path, &text, err);

    return status == OT_OK ? copy_id(id, text, path, "id", err) : status;
}

static enum ot_status parse_name(struct ot_api_cert *cert, const cJSON *item,
                                 const char *path, struct ot_error *err)
{
    const char *name;
    enum ot_status status = ot_json_string_or_null(item, "name", path, &name, err);

    if (status != OT_OK || name == NULL)
        return status;
    if (strlen(name) > OT_NAME_MAX)
        return ot_error_set(err, OT_E_PROTOCOL,
                            "the field \"%s%sname\" is longer than %d bytes", path,
                            path[0] != '\0' ? "." : "", OT_NAME_MAX);
    cert->name = strdup(name);
    return cert->name != NULL ? OT_OK : ot_error_nomem(err);
}

static enum ot_status parse_time(bool *has, int64_t *value, const cJSON *details,
                                 const char *key, const char *path, struct ot_error *err)
{
    *has = ot_json_has(details, key);
    return *has ? ot_json_int(details, key, path, value, err) : OT_OK;
}

/* Missing or null gives NULL: whether that is a fault is for the caller, who asked. */
static enum ot_status parse_content(struct ot_api_cert *cert, const cJSON *details,
                                    const char *path, struct ot_error *err)
{
    enum ot_status status;
    const char *content;

    if (!ot_json_has(details, "content"))
        return OT_OK;
    status = ot_json_string_or_null(details, "content", path, &content, err);
    if (status != OT_OK || content == NULL)
        return status;
    cert->content = strdup(content);
    return cert->content != NULL ? OT_OK : ot_error_nomem(err);
}

static enum ot_status parse_details(struct ot_api_cert *cert, const cJSON *item,
                                    const char *path, struct ot_error *err)
{
    char below[PATH_CHARS_MAX];
    const cJSON *details;
    enum ot_status status =
        ot_json_object(item, "certificate_details", path, &details, err);

    snprintf(below, sizeof(below), "%s%scertificate_details", path,
             path[0] != '\0' ? "." : "");
    if (status == OT_OK)
        status = parse_time(&cert->has_valid_at, &cert->valid_at, details, "valid_at",
                            below, err);
    if (status == OT_OK)
        status = parse_time(&cert->has_expires_at, &cert->expires_at, details,
                            "expires_at", below, err);
    if (status == OT_OK)
        status = parse_content(cert, details, below, err);
    return status;
}

/* What a certificate is called. Where the schema of an answer has one name for all three
 * scopes, kind is NULL. */
static enum ot_status check_object(const cJSON *item, const char *kind, const char *path,
                                   struct ot_error *err)
{
    static const char *const kinds[] = {"certificate", "organization.certificate",
                                        "organization.project.certificate"};
    const char *found = NULL;

    if (kind != NULL)
        return ot_json_literal(item, "object", path, kind, err);
    if (ot_json_string(item, "object", path, &found, NULL) == OT_OK)
        for (size_t i = 1; i < sizeof(kinds) / sizeof(kinds[0]); i++)
            if (strcmp(found, kinds[i]) == 0)
                return OT_OK;
    return ot_json_literal(item, "object", path, kinds[0], err);
}

/* Of whoever has another meaning for it nothing is believed: it is then no such end. */
static int64_t parse_deactivate_at(const cJSON *object)
{
    int64_t at = 0;

    return ot_json_int(object, OT_DEACTIVATE_AT, "", &at, NULL) == OT_OK ? at : 0;
}

/* The fields that every answer's certificate has. On failure the caller clears cert. */
static enum ot_status parse_item(struct ot_api_cert *cert, const cJSON *item,
                                 const char *kind, const char *path, struct ot_error *err)
{
    enum ot_status status = check_object(item, kind, path, err);

    if (status == OT_OK)
        status = ot_api_parse_id(cert->id, item, path, err);
    if (status == OT_OK)
        status = parse_name(cert, item, path, err);
    if (status == OT_OK)
        status = ot_json_int(item, "created_at", path, &cert->created_at, err);
    if (status == OT_OK)
        status = parse_details(cert, item, path, err);
    cert->has_active = ot_json_has(item, "active");
    if (status == OT_OK && cert->has_active)
        status = ot_json_bool(item, "active", path, &cert->active, err);
    if (cert->active)
        cert->ends_at = parse_deactivate_at(item);
    return status == OT_OK ? ot_extra_collect(&cert->extra, item, err) : status;
}

/* The items of `data`. On failure, too, the caller clears what is there. */
static enum ot_status parse_array(struct ot_api_array *out, size_t size,
                                  const cJSON *root, ot_api_parse_item *parse,
                                  const void *arg, struct ot_error *err)
{
    const cJSON *data, *item;
    enum ot_status status = ot_json_array(root, "data", "", &data, err);
    size_t count;

    *out = (struct ot_api_array){NULL, 0};
    if (status != OT_OK)
        return status;
    count = (size_t)cJSON_GetArraySize(data);
    if (count == 0)
        return OT_OK;
    out->items = calloc(count, size);
    if (out->items == NULL)
        return ot_error_nomem(err);
    for (item = data->child; item != NULL && status == OT_OK; item = item->next) {
        char path[PATH_CHARS_MAX];
        size_t i = out->count++;

        snprintf(path, sizeof(path), "data[%zu]", i);
        status = parse((char *)out->items + i * size, item, path, arg, err);
    }
    return status;
}

enum ot_status ot_api_parse_list(struct ot_api_array *out, size_t size, bool *has_more,
                                 cJSON **root, const struct ot_http_answer *answer,
                                 ot_api_parse_item *parse, struct ot_error *err)
{
    enum ot_status status = ot_json_parse(root, answer->body, answer->len, err);

    *out = (struct ot_api_array){NULL, 0};
    if (status == OT_OK)
        status = ot_json_literal(*root, "object", "", "list", err);
    if (status == OT_OK)
        status = ot_json_bool(*root, "has_more", "", has_more, err);
    if (status == OT_OK)
        status = parse_array(out, size, *root, parse, NULL, err);
    if (status == OT_OK && *has_more && out->count == 0)
        status = ot_error_set(err, OT_E_PROTOCOL, "an empty page says that more follow");
    return status;
}

/* An item of a scope always says whether it is active there; kind is the arg. */
static enum ot_status parse_scope_item(void *place, const cJSON *item, const char *path,
                                       const void *kind, struct ot_error *err)
{
    struct ot_api_cert *cert = place;
    enum ot_status status = parse_item(cert, item, kind, path, err);

    if (status == OT_OK && !cert->has_active)
        status = ot_json_bool(item, "active", path, &cert->active, err);
    return status;
}

static enum ot_status parse_single_item(void *place, const cJSON *item, const char *path,
                                        const void *unused, struct ot_error *err)
{
    (void)unused;
    return parse_item(place, item, NULL, path, err);
}

/* On failure the caller clears the page. */
static enum ot_status parse_data(struct ot_api_page *page, const cJSON *root,
                                 ot_api_parse_item *parse, const char *kind,
                                 struct ot_error *err)
{
    struct ot_api_array array;
    enum ot_status status =
        parse_array(&array, sizeof(*page->certs), root, parse, kind, err);

    page->certs = array.items;
    page->count = array.count;
    return status;
}

/* On the last page nobody needs one, and older answers came without. */
static enum ot_status parse_cursor(char id[OT_ID_MAX + 1], const cJSON *root,
                                   const char *key, bool has_more, struct ot_error *err)
{
    const char *text;
    enum ot_status status;

    if (!has_more && !ot_json_has(root, key))
        return OT_OK;
    status = ot_json_string_or_null(root, key, "", &text, err);
    return status == OT_OK && text != NULL ? copy_id(id, text, "", key, err) : status;
}

static enum ot_status parse_page(struct ot_api_page *page, const cJSON *root,
                                 const char *kind, struct ot_error *err)
{
    enum ot_status status = ot_json_literal(root, "object", "", "list", err);
    char first_id[OT_ID_MAX + 1];

    if (status == OT_OK)
        status = ot_json_bool(root, "has_more", "", &page->has_more, err);
    if (status == OT_OK)
        status = parse_cursor(first_id, root, "first_id", page->has_more, err);
    if (status == OT_OK)
        status = parse_cursor(page->last_id, root, "last_id", page->has_more, err);
    if (status == OT_OK)
        status = parse_data(page, root, parse_scope_item, kind, err);
    return status;
}

typedef enum ot_status parse_page_of(struct ot_api_page *page, const cJSON *root,
                                     const char *kind, struct ot_error *err);

static enum ot_status parse_text(struct ot_api_page *out, const char *text, size_t len,
                                 parse_page_of *parse, const char *kind,
                                 struct ot_error *err)
{
    enum ot_status status;
    cJSON *root;

    memset(out, 0, sizeof(*out));
    status = ot_json_parse(&root, text, len, err);
    if (status != OT_OK)
        return status;
    status = parse(out, root, kind, err);
    if (status != OT_OK)
        ot_api_page_clear(out);
    cJSON_Delete(root);
    return status;
}

enum ot_status ot_api_parse_page(struct ot_api_page *out, const char *kind,
                                 const char *text, size_t len, struct ot_error *err)
{
    return parse_text(out, text, len, parse_page, kind, err);
}

/* An older description calls the answer to activate and deactivate a list. */
static enum ot_status check_toggled(const cJSON *root, const char *kind,
                                    struct ot_error *err)
{
    if (ot_json_literal(root, "object", "", "list", NULL) == OT_OK)
        return OT_OK;
    return ot_json_literal(root, "object", "", kind, err);
}

static enum ot_status parse_toggled(struct ot_api_page *page, const cJSON *root,
                                    const char *kind, struct ot_error *err)
{
    enum ot_status status = check_toggled(root, kind, err);

    if (status == OT_OK)
        status = parse_data(page, root, parse_scope_item, NULL, err);
    if (status == OT_OK)
        page->deactivate_at = parse_deactivate_at(root);
    return status;
}

enum ot_status ot_api_parse_toggled(struct ot_api_page *out, const char *kind,
                                    const char *text, size_t len, struct ot_error *err)
{
    return parse_text(out, text, len, parse_toggled, kind, err);
}

static enum ot_status parse_contents(struct ot_api_page *page, const cJSON *root,
                                     const char *unused, struct ot_error *err)
{
    enum ot_status status = ot_json_literal(root, "object", "", "list", err);

    (void)unused;
    return status == OT_OK ? parse_data(page, root, parse_single_item, NULL, err)
                           : status;
}

enum ot_status ot_api_parse_contents(struct ot_api_page *out, const char *text,
                                     size_t len, struct ot_error *err)
{
    return parse_text(out, text, len, parse_contents, NULL, err);
}

enum ot_status ot_api_parse_cert(struct ot_api_cert *out, const char *text, size_t len,
                                 struct ot_error *err)
{
    enum ot_status status;
    cJSON *root;

    memset(out, 0, sizeof(*out));
    status = ot_json_parse(&root, text, len, err);
    if (status != OT_OK)
        return status;
    status = parse_item(out, root, NULL, "", err);
    if (status != OT_OK)
        ot_api_cert_clear(out);
    cJSON_Delete(root);
    return status;
}

enum ot_status ot_api_parse_deleted(const char *id, const char *text, size_t len,
                                    struct ot_error *err)
{
    const char *deleted = NULL;
    enum ot_status status;
    cJSON *root;

    status = ot_json_parse(&root, text, len, err);
    if (status != OT_OK)
        return status;
    status = ot_json_literal(root, "object", "", "certificate.deleted", err);
    if (status == OT_OK)
        status = ot_json_string(root, "id", "", &deleted, err);
    if (status == OT_OK && strcmp(deleted, id) != 0)
        status = ot_error_set(err, OT_E_PROTOCOL,
                              "the answer is about the certificate \"%.80s\", not %s",
                              deleted, id);
    cJSON_Delete(root);
    return status;
}

/* The text of a member of the answer's error; NULL: there is none. Lives as long as root,
 * which the caller deletes. */
static const char *error_member(cJSON **root, const char *text, size_t len,
                                const char *member)
{
    const char *found = NULL;
    const cJSON *error;

    if (ot_json_parse(root, text, len, NULL) != OT_OK) {
        *root = NULL;
        return NULL;
    }
    if (ot_json_object(*root, "error", "", &error, NULL) != OT_OK ||
        ot_json_string(error, member, "error", &found, NULL) != OT_OK)
        return NULL;
    return found;
}

bool ot_api_parse_error(char *message, size_t size, const char *text, size_t len)
{
    cJSON *root;
    const char *found = error_member(&root, text, len, "message");
    bool usable = found != NULL && found[0] != '\0';

    if (usable)
        ot_text_escape(message, size, found, strlen(found));
    cJSON_Delete(root);
    return usable;
}

bool ot_api_parse_error_is(const char *text, size_t len, const char *code)
{
    cJSON *root;
    const char *found = error_member(&root, text, len, "code");
    bool same = found != NULL && strcmp(found, code) == 0;

    cJSON_Delete(root);
    return same;
}
