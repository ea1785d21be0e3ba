#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "cert/list_tag.h"
#include "config/identifier.h"
#include "handle/change_internal.h"
#include "handle/context.h"
#include "handle/handlers.h"
#include "handle/list_tags.h"
#include "message/body.h"
#include "message/buffer.h"
#include "message/json_write.h"
#include "message/reply.h"
#include "message/request.h"
#include "shared/limits.h"
#include "store/host.h"
#include "store/project.h"

/* What a host says of itself, each part checked. The texts are the body's. */
struct report {
    const char *host, *version;
    struct {
        const char *scope, *tag; /* as in store/host.h */
    } scopes[OT_HOST_SCOPES_MAX];
    unsigned scope_count;
    struct ot_buffer stacks, scope_names; /* JSON, NUL */
    char none[OT_LIST_TAG_MAX];
};

static bool refuse_report_member(struct ot_context *context, const char *param,
                                 const char *must)
{
    ot_reply_error(context->reply, 400, "invalid_report", param,
                   "'%s' of a report must be %s.", param, must);
    return false;
}

/* Of letters, digits and what holds them together in names and versions. */
static bool is_report_word(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789._+~-";
    size_t len = text != NULL ? strlen(text) : 0;

    return len >= 1 && len <= OT_REPORT_WORD_MAX && strspn(text, letters) == len;
}

static const char *text_member(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

/* "": the organization; NULL: neither that nor a project's id. */
static const char *scope_of(const cJSON *project)
{
    const char *id = cJSON_GetStringValue(project);

    if (cJSON_IsNull(project))
        return "";
    return id != NULL && ot_is_cert_id(id, strlen(id)) ? id : NULL;
}

static bool is_list_tag(const char *text)
{
    return text != NULL && strlen(text) == OT_LIST_TAG_LEN &&
           strspn(text, "0123456789abcdef") == OT_LIST_TAG_LEN;
}

static bool parse_scope(struct report *report, const cJSON *item)
{
    const char *scope = scope_of(cJSON_GetObjectItemCaseSensitive(item, "project"));
    const char *tag = text_member(item, "tag");

    if (scope == NULL || !is_list_tag(tag))
        return false;
    for (unsigned i = 0; i < report->scope_count; i++)
        if (strcmp(report->scopes[i].scope, scope) == 0)
            return false;
    ot_jsonw_text(&report->scope_names, scope);
    report->scopes[report->scope_count].scope = scope;
    report->scopes[report->scope_count++].tag = tag;
    return true;
}

static bool parse_scopes(struct ot_context *context, struct report *report,
                         const cJSON *body)
{
    const cJSON *scopes = cJSON_GetObjectItemCaseSensitive(body, "scopes"), *item;
    int count = cJSON_IsArray(scopes) ? cJSON_GetArraySize(scopes) : 0;
    bool good = count >= 1 && count <= OT_HOST_SCOPES_MAX;

    ot_jsonw_open(&report->scope_names, '[');
    for (item = good ? scopes->child : NULL; item != NULL && good; item = item->next)
        good = parse_scope(report, item);
    ot_jsonw_close(&report->scope_names, ']');
    ot_buffer_append(&report->scope_names, "", 1);
    return good ||
           refuse_report_member(context, "scopes",
                                "an array of 1 to 16 objects, each with a 'project' of "
                                "its own or null and a 'tag' of 32 hexadecimal digits");
}
_Static_assert(OT_HOST_SCOPES_MAX == 16 && OT_LIST_TAG_LEN == 32, "the refusal says so");

static bool parse_stacks(struct ot_context *context, struct report *report,
                         const cJSON *body)
{
    const cJSON *stacks = cJSON_GetObjectItemCaseSensitive(body, "stacks"), *item;
    int count = cJSON_IsArray(stacks) ? cJSON_GetArraySize(stacks) : 0;
    bool good =
        (stacks == NULL || cJSON_IsArray(stacks)) && count <= OT_REPORT_STACKS_MAX;

    ot_jsonw_open(&report->stacks, '[');
    for (item = good && stacks != NULL ? stacks->child : NULL; item != NULL && good;
         item = item->next) {
        const char *name = text_member(item, "name"), *state = text_member(item, "state");

        good = is_report_word(name) && is_report_word(state);
        if (!good)
            break;
        ot_jsonw_open(&report->stacks, '{');
        ot_jsonw_text_member(&report->stacks, "name", name);
        ot_jsonw_text_member(&report->stacks, "state", state);
        ot_jsonw_close(&report->stacks, '}');
    }
    ot_jsonw_close(&report->stacks, ']');
    ot_buffer_append(&report->stacks, "", 1);
    return good ||
           refuse_report_member(context, "stacks",
                                "an array of at most 24 objects, each with a 'name' and "
                                "a 'state' of at most 24 letters, digits, '.', '_' and "
                                "'-'");
}
_Static_assert(OT_REPORT_STACKS_MAX == 24 && OT_REPORT_WORD_MAX == 24,
               "the refusal says so");

static bool parse_host_report(struct ot_context *context, struct report *report,
                              const cJSON *body)
{
    report->host = text_member(body, "host");
    report->version = text_member(body, "version");
    if (report->host == NULL || !ot_is_host_name(report->host, strlen(report->host)))
        return refuse_report_member(
            context, "host",
            "the host's name: at most 64 letters, digits, '.', '_' and "
            "'-'");
    if (!is_report_word(report->version))
        return refuse_report_member(context, "version", "that of its orgtrust");
    return parse_scopes(context, report, body) && parse_stacks(context, report, body);
}
_Static_assert(OT_HOST_NAME_MAX == 64, "the refusal says so");

/* OT_E_NOT_FOUND: reply says which project there is not. */
static enum ot_status store_scope(struct ot_context *context, const struct report *report,
                                  unsigned i, int64_t now, struct ot_error *err)
{
    const struct ot_host_scope_put put = {.host = report->host,
                                          .scope = report->scopes[i].scope,
                                          .tag = report->scopes[i].tag,
                                          .none = report->none,
                                          .now = now};
    enum ot_status status = OT_OK;

    if (put.scope[0] != '\0')
        status = ot_db_project_get(context->db, put.scope, NULL, NULL, err);
    if (status == OT_E_NOT_FOUND)
        ot_reply_error(context->reply, 404, "project_not_found", "scopes",
                       "There is no project %s in this organization.", put.scope);
    return status == OT_OK ? ot_db_host_scope_put(context->db, &put, err) : status;
}

static void write_report(struct ot_context *context, const struct report *report,
                         bool is_behind)
{
    struct ot_buffer *out = &context->reply->body;

    ot_jsonw_open(out, '{');
    ot_jsonw_text_member(out, "object", "orgtrust.report");
    ot_jsonw_text_member(out, "host", report->host);
    ot_jsonw_bool_member(out, "current", !is_behind);
    ot_jsonw_close(out, '}');
}

static enum ot_status store_report(struct ot_context *context, void *arg,
                                   struct ot_error *err)
{
    struct report *report = arg;
    const struct ot_host_row row = {.name = report->host,
                                    .version = report->version,
                                    .stacks = report->stacks.data,
                                    .seen_at = ot_clock_unix_s()};
    bool is_behind = false;
    enum ot_status status = ot_list_tags_update(context->db, err);

    if (status == OT_OK)
        status = ot_db_host_put(context->db, &row, context->caller.seq, err);
    if (status == OT_OK)
        status =
            ot_db_host_scopes_keep(context->db, row.name, report->scope_names.data, err);
    for (unsigned i = 0; status == OT_OK && i < report->scope_count; i++)
        status = store_scope(context, report, i, row.seen_at, err);
    if (status == OT_OK)
        status = ot_db_host_standing(context->db, row.name, &is_behind, err);
    if (status == OT_OK)
        write_report(context, report, is_behind);
    return status;
}

static void refuse_report(struct ot_context *context, enum ot_status status,
                          const struct ot_error *err)
{
    if (status == OT_E_NOT_FOUND)
        return;
    if (status == OT_E_REFUSED)
        ot_reply_error(context->reply, 409, "too_many_hosts", "host",
                       "There are %d hosts under the key %s, which is as many as one key "
                       "may have: give some of them another key.",
                       OT_HOSTS_OF_KEY_MAX, context->caller.id);
    else
        ot_reply_failure(context->reply, err);
}

static enum ot_status tag_of_nothing(char none[OT_LIST_TAG_MAX], struct ot_error *err)
{
    struct ot_list_tag *tag = NULL;
    enum ot_status status = ot_list_tag_new(&tag, err);

    if (status == OT_OK)
        status = ot_list_tag_finish(tag, none, err);
    ot_list_tag_free(tag);
    return status;
}

static void take_report(struct ot_context *context, const cJSON *body)
{
    struct report report = {.scope_count = 0};
    struct ot_error err = OT_ERROR_INIT;
    enum ot_status status = tag_of_nothing(report.none, &err);

    ot_buffer_init(&report.stacks, OT_REPORT_BODY_MAX);
    ot_buffer_init(&report.scope_names, OT_REPORT_BODY_MAX);
    if (status != OT_OK)
        ot_reply_failure(context->reply, &err);
    else if (parse_host_report(context, &report, body)) {
        if (report.stacks.failed || report.scope_names.failed)
            status = ot_error_nomem(&err);
        else
            status = ot_change_run(context, NULL, store_report, &report, &err);
        if (status != OT_OK)
            refuse_report(context, status, &err);
    }
    ot_buffer_clear(&report.stacks);
    ot_buffer_clear(&report.scope_names);
}

void ot_handle_report(struct ot_context *context)
{
    cJSON *body;

    if (context->request->body.len > OT_REPORT_BODY_MAX) {
        ot_reply_error(context->reply, 413, "body_too_large", NULL,
                       "A report may have %d bytes.", OT_REPORT_BODY_MAX);
        return;
    }
    body = ot_body_parse(context->request, context->reply);
    if (body == NULL)
        return;
    take_report(context, body);
    cJSON_Delete(body);
}
