#include "api/api_call_internal.h"

#include <stdio.h>
#include <string.h>

#include "api/api_cert.h"
#include "api/api_parse_internal.h"
#include "config/identifier.h"
#include "http/http.h"

/* The API's own bound. */
#define LIST_LIMIT_MAX 100

enum ot_status ot_api_check_id(const char *id, struct ot_error *err)
{
    if (id != NULL && ot_is_cert_id(id, strlen(id)))
        return OT_OK;
    return ot_error_set(
        err, OT_E_USAGE,
        "\"%.80s\" is not a certificate id (letters, digits, '_' and '-', "
        "at most %d)",
        id != NULL ? id : "", OT_ID_MAX);
}

const char *ot_api_item_kind(const struct ot_api *api)
{
    return api->is_project ? "organization.project.certificate"
                           : OT_API_ORGANIZATION_KIND;
}

void ot_api_format_cert_path(char path[OT_API_PATH_MAX], const char *id,
                             bool with_content)
{
    snprintf(path, OT_API_PATH_MAX, OT_API_CERTIFICATES "/%s%s", id,
             with_content ? "?include%5B%5D=content" : "");
}

enum ot_status ot_api_format_list_path(char path[OT_API_LIST_PATH_MAX], const char *scope,
                                       const char *after, unsigned limit,
                                       struct ot_error *err)
{
    bool first = after == NULL || after[0] == '\0';
    enum ot_status status = first ? OT_OK : ot_api_check_id(after, err);

    if (status != OT_OK)
        return status;
    if (limit < 1 || limit > LIST_LIMIT_MAX)
        return ot_error_set(err, OT_E_USAGE, "a page has 1 to %d certificates, not %u",
                            LIST_LIMIT_MAX, limit);
    snprintf(path, OT_API_LIST_PATH_MAX, "%s?limit=%u&order=asc%s%s", scope, limit,
             first ? "" : "&after=", first ? "" : after);
    return OT_OK;
}

static enum ot_status fill_call(void *arg, size_t i, struct ot_http_request *request,
                                struct ot_error *err)
{
    (void)i;
    (void)err;
    *request = ((const struct ot_api_call *)arg)->request;
    return OT_OK;
}

static enum ot_status end_call(void *arg, size_t i, const struct ot_http_answer *answer,
                               struct ot_error *err)
{
    const struct ot_api_call *call = arg;
    enum ot_status status = ot_api_checker_check(&call->api->checker, answer, err);

    (void)i;
    /* The first DELETE did it and its answer was lost: what was asked for is so. */
    if (status == OT_E_NOT_FOUND && call->request.method == OT_HTTP_DELETE &&
        answer->attempts > 1) {
        ot_api_checker_reset(&call->api->checker);
        return OT_OK;
    }
    if (status != OT_OK) {
        ot_error_prefix(err, "cannot %s", call->what);
        return status;
    }
    status = call->parse(call, answer, err);
    if (status != OT_OK)
        ot_api_checker_blame(&call->api->checker, answer, err);
    return status;
}

enum ot_status ot_api_perform(struct ot_api_call *call, struct ot_error *err)
{
    struct ot_error ignored;

    ot_api_checker_reset(&call->api->checker);
    ot_error_clear(err);
    return ot_http_run(call->api->http, 1, fill_call, end_call, call,
                       err != NULL ? err : &ignored);
}

enum ot_status ot_api_perform_list(struct ot_api_call *call, const char *list,
                                   const char *filters, const char *after,
                                   struct ot_error *err)
{
    const bool first = after == NULL || after[0] == '\0';
    char path[OT_API_LIST_PATH_MAX];

    snprintf(path, sizeof(path), "%s?limit=%d%s%s%s", list, LIST_LIMIT_MAX, filters,
             first ? "" : "&after=", first ? "" : after);
    call->request = (struct ot_http_request){.method = OT_HTTP_GET,
                                             .path = path,
                                             .max_bytes = OT_PAGE_BYTES_MAX,
                                             .idempotent = true};
    return ot_api_perform(call, err);
}

enum ot_status ot_api_call_page(const struct ot_api_call *call,
                                const struct ot_http_answer *answer, struct ot_error *err)
{
    return ot_api_parse_page(call->out, call->item, answer->body, answer->len, err);
}

enum ot_status ot_api_call_toggled(const struct ot_api_call *call,
                                   const struct ot_http_answer *answer,
                                   struct ot_error *err)
{
    return ot_api_parse_toggled(call->out, call->kind, answer->body, answer->len, err);
}

enum ot_status ot_api_call_deleted(const struct ot_api_call *call,
                                   const struct ot_http_answer *answer,
                                   struct ot_error *err)
{
    return ot_api_parse_deleted(call->id, answer->body, answer->len, err);
}

enum ot_status ot_api_parse_cert_of(const char *id, const struct ot_http_answer *answer,
                                    struct ot_api_cert *cert, struct ot_error *err)
{
    enum ot_status status = ot_api_parse_cert(cert, answer->body, answer->len, err);

    if (status != OT_OK || id == NULL || strcmp(cert->id, id) == 0)
        return status;
    ot_error_set(err, OT_E_PROTOCOL, "the answer is about the certificate %s, not %s",
                 cert->id, id);
    ot_api_cert_clear(cert);
    return OT_E_PROTOCOL;
}

enum ot_status ot_api_call_cert(const struct ot_api_call *call,
                                const struct ot_http_answer *answer, struct ot_error *err)
{
    return ot_api_parse_cert_of(call->id, answer, call->out, err);
}
