#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "handle/context.h"
#include "handle/handlers.h"
#include "handle/page_internal.h"
#include "handle/query_internal.h"
#include "message/buffer.h"
#include "message/json_write.h"
#include "message/reply.h"
#include "message/request.h"
#include "shared/limits.h"
#include "store/audit.h"

/* The arrays of a query, as the store takes them. */
struct filters {
    struct ot_buffer types, projects, actors, resources;
};

static void write_named_id(struct ot_buffer *out, const char *key, const char *id)
{
    ot_jsonw_key(out, key);
    ot_jsonw_open(out, '{');
    ot_jsonw_text_member(out, "id", id);
    ot_jsonw_close(out, '}');
}

/* The API has an address in sessions alone; here a change through the API has one, too.
 */
static void write_session(struct ot_buffer *out, const struct ot_audit_row *row)
{
    ot_jsonw_key(out, "session");
    ot_jsonw_open(out, '{');
    if (!row->actor_is_key)
        write_named_id(out, "user", row->actor);
    if (row->address != NULL) {
        ot_jsonw_text_member(out, "ip_address", row->address);
    }
    ot_jsonw_close(out, '}');
}

static void write_actor(struct ot_buffer *out, const struct ot_audit_row *row)
{
    ot_jsonw_key(out, "actor");
    ot_jsonw_open(out, '{');
    ot_jsonw_text_member(out, "type", row->actor_is_key ? "api_key" : "session");
    write_session(out, row);
    if (row->actor_is_key) {
        ot_jsonw_key(out, "api_key");
        ot_jsonw_open(out, '{');
        ot_jsonw_text_member(out, "id", row->actor);
        ot_jsonw_text_member(out, "type", "service_account");
        write_named_id(out, "service_account", row->actor);
        ot_jsonw_close(out, '}');
    }
    ot_jsonw_close(out, '}');
}

static void write_event_json(struct ot_buffer *out, const struct ot_audit_row *row)
{
    ot_jsonw_open(out, '{');
    ot_jsonw_text_member(out, "id", row->id);
    ot_jsonw_text_member(out, "type", row->type);
    ot_jsonw_int_member(out, "effective_at", row->effective_at);
    if (row->project != NULL) {
        ot_jsonw_key(out, "project");
        ot_jsonw_open(out, '{');
        ot_jsonw_text_member(out, "id", row->project);
        ot_jsonw_text_member(out, "name", row->project_name);
        ot_jsonw_close(out, '}');
    }
    write_actor(out, row);
    ot_jsonw_key(out, row->type);
    ot_jsonw_raw(out, row->detail);
    ot_jsonw_close(out, '}');
}

static void write_audit_row(void *arg, const struct ot_audit_row *row, int64_t found)
{
    struct ot_page *page = arg;

    if (ot_page_takes(page, row->id))
        write_event_json(page->out, row);
    page->has_more = found > page->rows;
}

/* As a JSON array; nothing where the parameter is absent. */
static void collect_array(struct ot_context *context, const char *name,
                          struct ot_buffer *out)
{
    const char *value;
    unsigned at = 0;

    ot_buffer_init(out, OT_REPLY_MAX);
    while ((value = ot_request_next(context->request, name, &at)) != NULL) {
        if (out->len == 0)
            ot_jsonw_open(out, '[');
        ot_jsonw_text(out, value);
    }
    if (out->len == 0)
        return;
    ot_jsonw_close(out, ']');
    ot_buffer_append(out, "", 1);
}

static bool find_event(struct ot_context *context, const char *name, int64_t *place,
                       bool *is_given)
{
    struct ot_error err = OT_ERROR_INIT;
    enum ot_status status = OT_OK;
    const char *id;

    if (!ot_query_value(context, name, &id))
        return false;
    *is_given = id != NULL;
    if (id != NULL)
        status = ot_db_audit_place(context->db, id, place, &err);
    return ot_query_found_cursor(context, name, "event of the audit log", status, &err);
}

/* One of the four bounds of effective_at; least: it bounds from below. */
static bool parse_bound(struct ot_context *context, const char *name, bool is_least,
                        bool is_itself_in, struct ot_audit_range *range)
{
    int64_t bound;
    bool is_given;

    if (!ot_query_integer(context, name, &bound, &is_given))
        return false;
    if (!is_given)
        return true;
    if (is_least && bound + !is_itself_in > range->from)
        range->from = bound + !is_itself_in;
    if (!is_least && bound - !is_itself_in < range->until)
        range->until = bound - !is_itself_in;
    return true;
}

static bool parse_range(struct ot_context *context, struct ot_audit_range *range)
{
    bool has_after, has_before, tenant_only;

    if (!parse_bound(context, "effective_at[gt]", true, false, range) ||
        !parse_bound(context, "effective_at[gte]", true, true, range) ||
        !parse_bound(context, "effective_at[lt]", false, false, range) ||
        !parse_bound(context, "effective_at[lte]", false, true, range) ||
        !ot_query_flag(context, "tenant_only", &tenant_only) ||
        !find_event(context, "after", &range->below, &has_after) ||
        !find_event(context, "before", &range->above, &has_before))
        return false;
    range->nearest_to_above = has_before && !has_after;
    if (tenant_only) /* of which there are none here: all belongs to the organization */
        range->until = INT64_MIN;
    return true;
}

static void write_events(struct ot_context *context, struct ot_audit_range *range,
                         unsigned limit)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_page page;

    range->limit = limit;
    range->len = OT_EVENTS_LEN;
    ot_page_open(&page, &context->reply->body, limit);
    if (ot_db_audit_list(context->db, range, write_audit_row, &page, &err) == OT_OK)
        ot_page_close(&page);
    else
        ot_reply_failure(context->reply, &err);
}

static bool collect_all(struct ot_context *context, struct filters *filters,
                        struct ot_audit_range *range)
{
    struct ot_buffer emails;
    bool is_good;

    collect_array(context, "event_types[]", &filters->types);
    collect_array(context, "project_ids[]", &filters->projects);
    collect_array(context, "actor_ids[]", &filters->actors);
    collect_array(context, "resource_ids[]", &filters->resources);
    collect_array(context, "actor_emails[]", &emails);
    if (emails.len != 0) /* which nobody has here */
        range->until = INT64_MIN;
    is_good = !filters->types.failed && !filters->projects.failed &&
              !filters->actors.failed && !filters->resources.failed && !emails.failed;
    ot_buffer_clear(&emails);
    range->types = filters->types.data;
    range->projects = filters->projects.data;
    range->actors = filters->actors.data;
    range->resources = filters->resources.data;
    return is_good;
}

void ot_handle_audit_list(struct ot_context *context)
{
    struct ot_audit_range range = {.until = INT64_MAX, .below = INT64_MAX};
    struct filters filters;
    struct ot_error err = OT_ERROR_INIT;
    unsigned limit;

    if (!ot_query_limit(context, &limit) || !parse_range(context, &range))
        return;
    if (collect_all(context, &filters, &range)) {
        write_events(context, &range, limit);
    } else {
        ot_error_nomem(&err);
        ot_reply_failure(context->reply, &err);
    }
    ot_buffer_clear(&filters.types);
    ot_buffer_clear(&filters.projects);
    ot_buffer_clear(&filters.actors);
    ot_buffer_clear(&filters.resources);
}
