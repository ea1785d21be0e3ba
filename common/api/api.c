#include "api/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api_answer_internal.h"
#include "api/api_call_internal.h"
#include "api/api_cert.h"
#include "base/api_extension.h"
#include "base/limits.h"
#include "config/identifier.h"
#include "config/source.h"
#include "http/http.h"
#include "http/http_request.h"

enum ot_status ot_api_new(struct ot_api **out, const struct ot_source *source,
                          const struct ot_key *key, const struct ot_http_tuning *tuning,
                          struct ot_error *err)
{
    const char *project = source->project;
    enum ot_status status;
    struct ot_api *api;

    *out = NULL;
    if (project != NULL && !ot_is_cert_id(project, strlen(project)))
        return ot_error_set(err, OT_E_CONFIG,
                            "project of the source %s is not a project id: \"%.80s\"",
                            source->name, project);
    api = calloc(1, sizeof(*api));
    if (api == NULL)
        return ot_error_nomem(err);
    api->is_project = project != NULL;
    api->inherits = ot_source_inherits(source);
    if (project != NULL)
        snprintf(api->scope, sizeof(api->scope), "/organization/projects/%s/certificates",
                 project);
    else
        snprintf(api->scope, sizeof(api->scope), OT_API_CERTIFICATES);
    status = ot_http_new(&api->http, source, key, tuning, err);
    if (status == OT_OK)
        status =
            ot_api_checker_init(&api->checker, api->http, source, key,
                                tuning != NULL ? tuning : &ot_http_default_tuning, err);
    if (status != OT_OK) {
        ot_api_free(api);
        return status;
    }
    *out = api;
    return OT_OK;
}

void ot_api_free(struct ot_api *api)
{
    if (api == NULL)
        return;
    ot_api_checker_clear(&api->checker);
    ot_http_free(api->http);
    free(api);
}

struct ot_http *ot_api_http(struct ot_api *api)
{
    return api->http;
}

enum ot_status ot_api_want_moment(struct ot_api *api, const char *digits,
                                  struct ot_error *err)
{
    char line[sizeof(OT_MOMENT_HEADER) + 2 + OT_MOMENT_MAX];

    if (digits[0] == '\0')
        return OT_OK;
    snprintf(line, sizeof(line), OT_MOMENT_HEADER ": %s", digits);
    return ot_http_add_header(api->http, line, err);
}

long ot_api_last_status(const struct ot_api *api)
{
    return api->checker.last_status;
}

int64_t ot_api_retry_after_ms(const struct ot_api *api)
{
    return api->checker.retry_after_ms;
}

int64_t ot_api_key_ends_at(const struct ot_api *api)
{
    return api->checker.key_ends_at;
}

bool ot_api_takes_reports(const struct ot_api *api)
{
    return api->checker.takes_reports;
}

bool ot_api_takes_waits(const struct ot_api *api)
{
    return api->checker.takes_waits;
}

bool ot_api_gives_contents(const struct ot_api *api)
{
    return api->checker.gives_contents;
}

bool ot_api_inherits(const struct ot_api *api)
{
    return api->inherits;
}

/* A page of scope's list, whose items are of a kind. */
static enum ot_status list_page(struct ot_api_call *call, const char *scope,
                                const char *after, unsigned limit, struct ot_error *err)
{
    char path[OT_API_LIST_PATH_MAX];
    enum ot_status status;

    memset(call->out, 0, sizeof(struct ot_api_page));
    status = ot_api_format_list_path(path, scope, after, limit, err);
    if (status != OT_OK)
        return status;
    call->request = (struct ot_http_request){.method = OT_HTTP_GET,
                                             .path = path,
                                             .max_bytes = OT_PAGE_BYTES_MAX,
                                             .idempotent = true};
    call->what = "list the certificates";
    call->parse = ot_api_call_page;
    return ot_api_perform(call, err);
}

enum ot_status ot_api_list(struct ot_api *api, const char *after, unsigned limit,
                           struct ot_api_page *out, struct ot_error *err)
{
    struct ot_api_call call = {.api = api, .out = out, .item = ot_api_item_kind(api)};

    return list_page(&call, api->scope, after, limit, err);
}

enum ot_status ot_api_list_organization(struct ot_api *api, const char *after,
                                        unsigned limit, struct ot_api_page *out,
                                        struct ot_error *err)
{
    struct ot_api_call call = {.api = api, .out = out, .item = OT_API_ORGANIZATION_KIND};

    return list_page(&call, OT_API_CERTIFICATES, after, limit, err);
}
