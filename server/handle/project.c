#include <string.h>
#include <time.h>

#include "audit/audit.h"
#include "base/error.h"
#include "base/limits.h"
#include "handle/actor_internal.h"
#include "handle/change_internal.h"
#include "handle/context.h"
#include "handle/handlers.h"
#include "handle/page_internal.h"
#include "handle/query_internal.h"
#include "message/body.h"
#include "message/buffer.h"
#include "message/json_write.h"
#include "message/reply.h"
#include "store/project.h"

static void write_project(struct ot_buffer *out, const struct ot_project_row *row)
{
    ot_jsonw_open(out, '{');
    ot_jsonw_text_member(out, "object", "organization.project");
    ot_jsonw_text_member(out, "id", row->id);
    ot_jsonw_text_member(out, "name", row->name);
    ot_jsonw_int_member(out, "created_at", row->created_at);
    ot_jsonw_text_member(out, "archived_at", NULL);
    ot_jsonw_text_member(out, "status", "active");
    ot_jsonw_close(out, '}');
}

static void show_project(void *arg, const struct ot_project_row *row)
{
    struct ot_context *context = arg;

    write_project(&context->reply->body, row);
}

bool ot_handle_knows_project(struct ot_context *context)
{
    if (context->scope[0] == '\0' || context->has_project)
        return true;
    ot_reply_error(context->reply, 404, "project_not_found", "project_id",
                   "There is no project %s in this organization: make it first, or "
                   "look for its right id (GET /v1/organization/projects, "
                   "'orgtrust-server project list').",
                   context->scope);
    return false;
}

void ot_handle_project_get(struct ot_context *context)
{
    struct ot_error err = OT_ERROR_INIT;

    /* That there is one was asked in this transaction. */
    if (ot_db_project_get(context->db, context->scope, show_project, context, &err) !=
        OT_OK)
        ot_reply_failure(context->reply, &err);
}

static void take_seq(void *arg, const struct ot_project_row *row)
{
    *(int64_t *)arg = row->seq;
}

static bool find_project_cursor(struct ot_context *context, int64_t *seq)
{
    struct ot_error err = OT_ERROR_INIT;
    enum ot_status status = OT_OK;
    const char *after;

    *seq = 0;
    if (!ot_query_value(context, "after", &after))
        return false;
    if (after != NULL)
        status = ot_db_project_get(context->db, after, take_seq, seq, &err);
    return ot_query_found_cursor(context, "after", "project", status, &err);
}

static void write_project_row(void *arg, const struct ot_project_row *row)
{
    struct ot_page *page = arg;

    if (ot_page_takes(page, row->id))
        write_project(page->out, row);
}

void ot_handle_project_list(struct ot_context *context)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_page page;
    unsigned limit;
    int64_t after;
    bool archived; /* none is ever archived here: it makes no difference */

    if (!ot_query_limit(context, &limit) ||
        !ot_query_flag(context, "include_archived", &archived) ||
        !find_project_cursor(context, &after))
        return;
    ot_page_open(&page, &context->reply->body, limit);
    if (ot_db_project_list(context->db, after, limit + 1, write_project_row, &page,
                           &err) == OT_OK)
        ot_page_close(&page);
    else
        ot_reply_failure(context->reply, &err);
}

static bool check_project_name(struct ot_context *context, const char *name)
{
    if (name != NULL && *name != '\0')
        return true;
    ot_reply_error(context->reply, 400,
                   name == NULL ? "missing_parameter" : "invalid_name", "name",
                   "'name' must be a string that says what to call the project.");
    return false;
}

/* What this server could not keep is not to be believed kept. */
static bool check_unsupported(struct ot_context *context, const cJSON *body)
{
    const cJSON *residency = cJSON_GetObjectItemCaseSensitive(body, "residency");
    const cJSON *key = cJSON_GetObjectItemCaseSensitive(body, "external_key_id");
    bool is_elsewhere =
        residency != NULL && !cJSON_IsNull(residency) &&
        (!cJSON_IsString(residency) || strcmp(residency->valuestring, "GLOBAL") != 0);

    if (!is_elsewhere && (key == NULL || cJSON_IsNull(key)))
        return true;
    ot_reply_error(context->reply, 400, "unsupported_parameter",
                   is_elsewhere ? "residency" : "external_key_id",
                   "This server has no '%s': all projects lie in its one database.",
                   is_elsewhere ? "residency" : "external_key_id");
    return false;
}

struct new_project {
    struct ot_project_row row;
    char id[OT_ID_MAX + 1]; /* "": it is not made */
};

static enum ot_status store_project(struct ot_context *context, void *arg,
                                    struct ot_error *err)
{
    struct new_project *project = arg;
    const struct ot_actor actor = ot_actor_of(context);
    struct ot_project_row made = project->row;
    enum ot_status status =
        ot_db_project_insert(context->db, &project->row, project->id, err);

    if (status == OT_OK)
        status =
            ot_audit_project_created(context->db, &actor, project->id, made.name, err);
    made.id = project->id;
    if (status == OT_OK)
        write_project(&context->reply->body, &made);
    return status;
}

void ot_handle_project_create(struct ot_context *context)
{
    struct new_project project = {.row.created_at = time(NULL)};
    const char *id = project.id;
    const struct ot_change_of of = {"project.created", &id, 1};
    struct ot_error err = OT_ERROR_INIT;
    cJSON *body = ot_body_parse(context->request, context->reply);
    enum ot_status status;

    if (body == NULL)
        return;
    if (ot_body_name(body, &project.row.name, context->reply) &&
        check_project_name(context, project.row.name) &&
        check_unsupported(context, body)) {
        status = ot_change_run(context, &of, store_project, &project, &err);
        if (status != OT_OK)
            ot_reply_failure(context->reply, &err);
    }
    cJSON_Delete(body);
}
