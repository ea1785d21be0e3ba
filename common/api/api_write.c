#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/api_call_internal.h"
#include "api/api_cert.h"
#include "base/api_extension.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"
#include "http/http_request.h"

/* The API's own bound. */
#define TOGGLE_MAX 10

/* Serialises and frees body. NULL: out of memory. */
static char *print_and_delete(cJSON *body)
{
    char *text = body != NULL ? cJSON_PrintUnformatted(body) : NULL;

    cJSON_Delete(body);
    return text;
}

static enum ot_status check_new_name(const char *name, struct ot_error *err)
{
    size_t len = strlen(name);

    if (len > OT_NAME_MAX)
        return ot_error_set(err, OT_E_USAGE, "a certificate's name has at most %d bytes",
                            OT_NAME_MAX);
    if (!ot_text_is_utf8(name, len))
        return ot_error_set(err, OT_E_USAGE, "a certificate's name must be UTF-8");
    return OT_OK;
}

/* Sends body, which it frees, to path. */
static enum ot_status post_json(struct ot_api_call *call, const char *path,
                                bool idempotent, char *body, struct ot_error *err)
{
    enum ot_status status;

    if (body == NULL)
        return ot_error_nomem(err);
    call->request = (struct ot_http_request){.method = OT_HTTP_POST,
                                             .path = path,
                                             .body = body,
                                             .max_bytes = OT_PAGE_BYTES_MAX,
                                             .idempotent = idempotent};
    status = ot_api_perform(call, err);
    cJSON_free(body);
    return status;
}

enum ot_status ot_api_upload(struct ot_api *api, const char *pem, const char *name,
                             struct ot_api_cert *out, struct ot_error *err)
{
    struct ot_api_call call = {.api = api,
                               .what = "upload the certificate",
                               .parse = ot_api_call_cert,
                               .out = out};
    enum ot_status status = name != NULL ? check_new_name(name, err) : OT_OK;
    cJSON *body;

    memset(out, 0, sizeof(*out));
    if (status != OT_OK)
        return status;
    if (strlen(pem) > OT_CERT_PEM_MAX || !ot_text_is_utf8(pem, strlen(pem)))
        return ot_error_set(err, OT_E_USAGE,
                            "that is no certificate in PEM of at most %u bytes",
                            OT_CERT_PEM_MAX);
    body = cJSON_CreateObject();
    if (cJSON_AddStringToObject(body, "certificate", pem) == NULL ||
        (name != NULL && cJSON_AddStringToObject(body, "name", name) == NULL)) {
        cJSON_Delete(body);
        return ot_error_nomem(err);
    }
    return post_json(&call, OT_API_CERTIFICATES, false, print_and_delete(body), err);
}

enum ot_status ot_api_rename(struct ot_api *api, const char *id, const char *name,
                             struct ot_api_cert *out, struct ot_error *err)
{
    struct ot_api_call call = {.api = api,
                               .what = "rename the certificate",
                               .parse = ot_api_call_cert,
                               .out = out,
                               .id = id};
    enum ot_status status = ot_api_check_id(id, err);
    char path[OT_API_PATH_MAX];
    cJSON *body;

    memset(out, 0, sizeof(*out));
    if (status == OT_OK)
        status = check_new_name(name, err);
    if (status != OT_OK)
        return status;
    body = cJSON_CreateObject();
    if (cJSON_AddStringToObject(body, "name", name) == NULL) {
        cJSON_Delete(body);
        return ot_error_nomem(err);
    }
    ot_api_format_cert_path(path, id, false);
    return post_json(&call, path, true, print_and_delete(body), err);
}

enum ot_status ot_api_delete(struct ot_api *api, const char *id, struct ot_error *err)
{
    enum ot_status status = ot_api_check_id(id, err);
    char path[OT_API_PATH_MAX];

    if (status != OT_OK)
        return status;
    ot_api_format_cert_path(path, id, false);
    status = ot_api_perform(
        &(struct ot_api_call){
            .api = api,
            .request = {.method = OT_HTTP_DELETE,
                        .path = path,
                        .max_bytes = OT_PAGE_BYTES_MAX,
                        .idempotent = true},
            .what = "delete the certificate",
            .parse = ot_api_call_deleted,
            .id = id,
        },
        err);
    if (status == OT_E_REFUSED && err != NULL)
        ot_error_set(err, status,
                     "%s; a certificate can be deleted when it is active neither in the "
                     "organization nor in any project",
                     err->message);
    return status;
}

/* {"certificate_ids": [...]}, and the end of what it activates; NULL: out of memory. */
static char *toggle_body(const char *const *ids, size_t count, int64_t ends_at)
{
    cJSON *array = cJSON_CreateStringArray(ids, (int)count);
    cJSON *body = cJSON_CreateObject();

    if (array == NULL || !cJSON_AddItemToObject(body, "certificate_ids", array)) {
        cJSON_Delete(array);
        cJSON_Delete(body);
        return NULL;
    }
    if (ends_at != 0 &&
        cJSON_AddNumberToObject(body, OT_DEACTIVATE_AT, (double)ends_at) == NULL) {
        cJSON_Delete(body);
        return NULL;
    }
    return print_and_delete(body);
}

/* ends_at 0: no end. */
static enum ot_status post_toggle(struct ot_api *api, bool activate,
                                  const char *const *ids, size_t count, int64_t ends_at,
                                  struct ot_api_page *page, struct ot_error *err)
{
    char path[OT_API_PATH_MAX + 16], kind[64];
    struct ot_api_call call = {.api = api,
                               .what = activate ? "activate" : "deactivate",
                               .parse = ot_api_call_toggled,
                               .out = page,
                               .kind = kind};
    enum ot_status status = OT_OK;

    if (count < 1 || count > TOGGLE_MAX)
        return ot_error_set(err, OT_E_USAGE,
                            "1 to %d certificates can be (de)activated at once, not %zu",
                            TOGGLE_MAX, count);
    for (size_t i = 0; i < count && status == OT_OK; i++)
        status = ot_api_check_id(ids[i], err);
    if (status != OT_OK)
        return status;
    snprintf(path, sizeof(path), "%s/%s", api->scope, call.what);
    snprintf(kind, sizeof(kind), "%s.%sactivation", ot_api_item_kind(api),
             activate ? "" : "de");
    return post_json(&call, path, true, toggle_body(ids, count, ends_at), err);
}

static enum ot_status toggle_into(struct ot_api *api, bool activate,
                                  const char *const *ids, size_t count,
                                  struct ot_api_page *out, struct ot_error *err)
{
    struct ot_api_page page = {0};
    enum ot_status status = post_toggle(api, activate, ids, count, 0, &page, err);

    if (out != NULL)
        *out = page;
    else
        ot_api_page_clear(&page);
    return status;
}

enum ot_status ot_api_activate(struct ot_api *api, const char *const *ids, size_t count,
                               struct ot_api_page *out, struct ot_error *err)
{
    return toggle_into(api, true, ids, count, out, err);
}

enum ot_status ot_api_activate_until(struct ot_api *api, const char *const *ids,
                                     size_t count, int64_t ends_at, struct ot_error *err)
{
    struct ot_api_page page = {0};
    enum ot_status status = post_toggle(api, true, ids, count, ends_at, &page, err);

    if (status == OT_OK && page.deactivate_at != ends_at)
        status = ot_error_set(
            err, OT_E_PROTOCOL,
            "the activation has no end: the server did not say that it keeps one, which "
            "orgtrust-server of this version does. What was named is active, and "
            "stays so until you deactivate it");
    ot_api_page_clear(&page);
    return status;
}

enum ot_status ot_api_deactivate(struct ot_api *api, const char *const *ids, size_t count,
                                 struct ot_api_page *out, struct ot_error *err)
{
    return toggle_into(api, false, ids, count, out, err);
}
