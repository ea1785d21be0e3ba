#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "handle/context.h"
#include "handle/handlers.h"
#include "handle/list_tags.h"
#include "handle/page_internal.h"
#include "handle/query_internal.h"
#include "message/buffer.h"
#include "message/json_write.h"
#include "message/reply.h"
#include "store/db.h"
#include "store/host.h"

/* A page being written: the rows of a host follow each other. */
struct listed_hosts {
    struct ot_page page;
    char name[OT_HOST_NAME_MAX + 1]; /* of the host that is open; "": none is */
    int64_t behind_since;            /* its earliest; 0: it is current */
};

static void write_standing(struct ot_buffer *out, int64_t behind_since)
{
    ot_jsonw_bool_member(out, "current", behind_since == 0);
    ot_jsonw_time_member(out, "behind_since", behind_since);
}

static void open_host(struct listed_hosts *listed, const struct ot_host_row *row)
{
    struct ot_buffer *out = listed->page.out;

    snprintf(listed->name, sizeof(listed->name), "%s", row->name);
    listed->behind_since = 0;
    ot_jsonw_open(out, '{');
    ot_jsonw_text_member(out, "object", "orgtrust.host");
    ot_jsonw_text_member(out, "name", row->name);
    ot_jsonw_text_member(out, "version", row->version);
    ot_jsonw_int_member(out, "last_seen", row->seen_at);
    ot_jsonw_key(out, "stacks");
    ot_jsonw_raw(out, row->stacks);
    ot_jsonw_key(out, "scopes");
    ot_jsonw_open(out, '[');
}

static void close_host(struct listed_hosts *listed)
{
    if (listed->name[0] == '\0')
        return;
    ot_jsonw_close(listed->page.out, ']');
    write_standing(listed->page.out, listed->behind_since);
    ot_jsonw_close(listed->page.out, '}');
    listed->name[0] = '\0';
}

static void write_scope(struct listed_hosts *listed, const struct ot_host_scope_row *row)
{
    struct ot_buffer *out = listed->page.out;

    if (row->scope == NULL)
        return;
    if (row->behind_since != 0 &&
        (listed->behind_since == 0 || row->behind_since < listed->behind_since))
        listed->behind_since = row->behind_since;
    ot_jsonw_open(out, '{');
    ot_jsonw_text_member(out, "project", row->scope[0] != '\0' ? row->scope : NULL);
    ot_jsonw_text_member(out, "tag", row->tag);
    write_standing(out, row->behind_since);
    ot_jsonw_close(out, '}');
}

static void write_host_row(void *arg, const struct ot_host_row *row,
                           const struct ot_host_scope_row *scope)
{
    struct listed_hosts *listed = arg;

    if (strcmp(listed->name, row->name) != 0) {
        close_host(listed);
        if (listed->page.has_more || !ot_page_takes(&listed->page, row->name))
            return;
        open_host(listed, row);
    }
    write_scope(listed, scope);
}

/* false: reply says why. The tags are worked out in a transaction that writes. */
static bool update_tags_first(struct ot_context *context)
{
    struct ot_error err = OT_ERROR_INIT;

    ot_db_rollback(context->db);
    if (ot_list_tags_update_if_due(context->db, &err) == OT_OK &&
        ot_db_begin(context->db, OT_READING, &err) == OT_OK)
        return true;
    ot_reply_failure(context->reply, &err);
    return false;
}

void ot_handle_host_list(struct ot_context *context)
{
    struct ot_host_range range = {.now = ot_clock_unix_s()};
    struct listed_hosts listed = {.name = ""};
    struct ot_error err = OT_ERROR_INIT;
    unsigned limit;

    if (!ot_query_limit(context, &limit) ||
        !ot_query_flag(context, "behind", &range.behind) ||
        !ot_query_value(context, "after", &range.after) || !update_tags_first(context))
        return;
    if (range.after == NULL)
        range.after = "";
    range.limit = (int64_t)limit + 1;
    ot_page_open(&listed.page, &context->reply->body, limit);
    if (ot_db_host_list(context->db, &range, write_host_row, &listed, &err) != OT_OK) {
        ot_reply_failure(context->reply, &err);
        return;
    }
    close_host(&listed);
    ot_page_close(&listed.page);
}

void ot_handle_host_count(struct ot_context *context)
{
    struct ot_buffer *out = &context->reply->body;
    struct ot_error err = OT_ERROR_INIT;
    struct ot_host_count count;

    if (!update_tags_first(context))
        return;
    if (ot_db_host_count(context->db, ot_clock_unix_s(), &count, &err) != OT_OK) {
        ot_reply_failure(context->reply, &err);
        return;
    }
    ot_jsonw_open(out, '{');
    ot_jsonw_text_member(out, "object", "orgtrust.hosts.count");
    ot_jsonw_int_member(out, "current", count.total - count.behind);
    ot_jsonw_int_member(out, "behind", count.behind);
    ot_jsonw_close(out, '}');
}
