#include <stdlib.h>
#include <string.h>

#include "cache/uri.h"
#include "handle/cert_json_internal.h"
#include "handle/handlers.h"
#include "message/json_write.h"
#include "shared/limits.h"

/* A page being written. */
struct page {
    struct ot_buffer *out;
    const char *object;
    unsigned limit, rows;
    char first[OT_ID_MAX + 1], last[OT_ID_MAX + 1];
};

static bool parse_limit(struct ot_context *context, unsigned *limit)
{
    const char *text = context->request->query.limit;
    size_t digits;

    *limit = OT_PAGE_LIMIT_DEFAULT;
    if (text == NULL)
        return true;
    digits = strspn(text, "0123456789");
    if (digits != 0 && digits <= 4 && text[digits] == '\0') {
        *limit = (unsigned)strtoul(text, NULL, 10);
        if (*limit >= 1 && *limit <= OT_PAGE_LIMIT_MAX)
            return true;
    }
    ot_reply_error(context->reply, 400, "invalid_limit", "limit",
                   "'limit' must be a whole number from 1 to %d.", OT_PAGE_LIMIT_MAX);
    return false;
}

static bool parse_order(struct ot_context *context, bool *descending)
{
    const char *text = context->request->query.order;

    *descending = text == NULL || strcmp(text, "desc") == 0;
    if (*descending || strcmp(text, "asc") == 0)
        return true;
    ot_reply_error(context->reply, 400, "invalid_order", "order",
                   "'order' must be 'asc' or 'desc'.");
    return false;
}

static bool find_cursor(struct ot_context *context, struct ot_cert_cursor *cursor)
{
    struct ot_error err = OT_ERROR_INIT;
    const char *after = context->request->query.after;
    enum ot_status status = OT_E_NOT_FOUND;

    if (ot_uri_is_id(after, strlen(after)))
        status = ot_db_cert_cursor(context->db, after, cursor, &err);
    if (status == OT_OK)
        return true;
    if (status == OT_E_NOT_FOUND)
        ot_reply_error(context->reply, 400, "invalid_cursor", "after",
                       "'after' names no certificate of this organization: it must be "
                       "the id of the last one of the page before. If that was deleted "
                       "meanwhile, begin with the first page again.");
    else
        ot_reply_failure(context->reply, &err);
    return false;
}

/* What the list shows depends on these and on nothing else; so its tag is known before a
 * row is read. false: reply is complete. */
static bool tag(struct ot_context *context, const struct ot_cert_range *range)
{
    unsigned char revision[OT_REVISION_LEN];
    struct ot_error err = OT_ERROR_INIT;
    const char *after = context->request->query.after;
    const struct ot_etag_part parts[] = {
        {revision, sizeof(revision)},
        {range->scope, strlen(range->scope)},
        {&range->descending, sizeof(range->descending)},
        {&range->limit, sizeof(range->limit)},
        {after, after != NULL ? strlen(after) : 0},
    };

    if (ot_db_revision(context->db, revision, &err) != OT_OK) {
        ot_reply_failure(context->reply, &err);
        return false;
    }
    ot_etag_make(context->reply->etag, parts, sizeof(parts) / sizeof(parts[0]));
    if (!ot_etag_matches(context->reply->etag, context->request->if_none_match))
        return true;
    context->reply->status = 304;
    return false;
}

static void write_row(void *arg, const struct ot_cert_row *row)
{
    struct page *page = arg;
    size_t len = strnlen(row->id, OT_ID_MAX);

    if (page->rows++ >= page->limit)
        return; /* the one beyond the page: there is more */
    memcpy(page->last, row->id, len);
    page->last[len] = '\0';
    if (page->rows == 1)
        memcpy(page->first, page->last, sizeof(page->first));
    ot_cert_json_write(page->out, page->object, row, NULL);
}

static void write_page(struct ot_context *context, struct ot_cert_range range)
{
    struct ot_error err = OT_ERROR_INIT;
    struct page page = {.out = &context->reply->body,
                        .object = ot_object_in_scope(range.scope),
                        .limit = range.limit++};

    ot_jsonw_open(page.out, '{');
    ot_jsonw_key(page.out, "object");
    ot_jsonw_text(page.out, "list");
    ot_jsonw_key(page.out, "data");
    ot_jsonw_open(page.out, '[');
    if (ot_db_cert_list(context->db, &range, write_row, &page, &err) != OT_OK) {
        ot_reply_failure(context->reply, &err);
        return;
    }
    ot_jsonw_close(page.out, ']');
    ot_jsonw_key(page.out, "first_id");
    ot_jsonw_text(page.out, page.rows != 0 ? page.first : NULL);
    ot_jsonw_key(page.out, "last_id");
    ot_jsonw_text(page.out, page.rows != 0 ? page.last : NULL);
    ot_jsonw_key(page.out, "has_more");
    ot_jsonw_bool(page.out, page.rows > page.limit);
    ot_jsonw_close(page.out, '}');
}

void ot_handle_list(struct ot_context *context)
{
    const struct ot_query_values *query = &context->request->query;
    struct ot_cert_range range = {.scope = context->scope};
    struct ot_cert_cursor cursor;

    if (query->bad != NULL && strcmp(query->bad, "include") != 0) {
        ot_reply_error(context->reply, 400, "duplicate_parameter", query->bad,
                       "'%s' is given more than once.", query->bad);
        return;
    }
    if (!parse_limit(context, &range.limit) || !parse_order(context, &range.descending))
        return;
    if (query->after != NULL) {
        if (!find_cursor(context, &cursor))
            return;
        range.after = &cursor;
    }
    if (tag(context, &range))
        write_page(context, range);
}
