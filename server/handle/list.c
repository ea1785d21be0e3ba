#include <string.h>

#include "base/error.h"
#include "handle/cert_json_internal.h"
#include "handle/context.h"
#include "handle/handlers.h"
#include "handle/page_internal.h"
#include "handle/query_internal.h"
#include "message/answers.h"
#include "message/etag.h"
#include "message/reply.h"
#include "message/request.h"
#include "store/cert.h"

/* A page being written. */
struct listed {
    struct ot_page page;
    const char *object;
};

/* What the answer says depends on these and on nothing else; of all pages of all lists,
 * on the first. */
static void tag_page(struct ot_context *context, const struct ot_cert_range *range,
                     const char *after)
{
    const struct ot_etag_part parts[] = {
        {context->revision, sizeof(context->revision)},
        {range->scope, strlen(range->scope)},
        {&range->descending, sizeof(range->descending)},
        {&range->limit, sizeof(range->limit)},
        {after, after != NULL ? strlen(after) : 0},
        /* A header of the answer, which whoever keeps the answer keeps with it. */
        {&context->caller.expires_at, sizeof(context->caller.expires_at)},
    };

    ot_etag_make_page(context->reply->etag, parts, sizeof(parts) / sizeof(parts[0]));
}

/* The tag is known before a row is read. false: reply is complete, or to wait until
 * another moment than that of wait. */
static bool is_asked_anew(struct ot_context *context, const struct ot_cert_range *range,
                          const char *after, const char *wait)
{
    struct ot_error err = OT_ERROR_INIT;

    if (!context->has_revision) {
        ot_error_set(&err, OT_E_CORRUPT,
                     "the database's revision is damaged; restore it from a copy");
        ot_reply_failure(context->reply, &err);
        return false;
    }
    tag_page(context, range, after);
    context->reply->is_to_wait = wait != NULL && !context->request->has_waited &&
                                 ot_etag_is_of_moment(context->reply->etag, wait);
    return !context->reply->is_to_wait &&
           !ot_reply_is_known(context->reply, context->request->if_none_match);
}

static bool is_moment(const char *digits)
{
    return strspn(digits, "0123456789abcdef") == OT_MOMENT_TAG_DIGITS &&
           digits[OT_MOMENT_TAG_DIGITS] == '\0';
}

/* `wait`: digits of the moment behind which an answer is wanted; NULL: at once. */
static bool take_wait(struct ot_context *context, const char **digits)
{
    if (!ot_query_value(context, OT_WAIT_PARAMETER, digits))
        return false;
    if (*digits == NULL || is_moment(*digits))
        return true;
    ot_reply_error(context->reply, 400, "invalid_parameter", OT_WAIT_PARAMETER,
                   "'wait' must be the first %d digits of the ETag of a list.",
                   OT_MOMENT_TAG_DIGITS);
    return false;
}

static void write_cert_row(void *arg, const struct ot_cert_row *row)
{
    struct listed *listed = arg;

    if (ot_page_takes(&listed->page, row->id))
        ot_cert_json_write(listed->page.out, listed->object, row, NULL);
}

static void write_page(struct ot_context *context, struct ot_cert_range range)
{
    struct ot_error err = OT_ERROR_INIT;
    struct listed listed = {.object = ot_object_in_scope(range.scope)};

    ot_page_open(&listed.page, &context->reply->body, range.limit++);
    if (ot_db_cert_list(context->db, &range, write_cert_row, &listed, context->revision,
                        &err) == OT_OK)
        ot_page_close(&listed.page);
    else
        ot_reply_failure(context->reply, &err);
}

void ot_handle_list(struct ot_context *context)
{
    struct ot_cert_range range = {.scope = context->scope};
    struct ot_cert_cursor cursor = {0, 0};
    const char *after, *wait;

    if (!ot_query_limit(context, &range.limit) ||
        !ot_query_order(context, true, &range.descending) ||
        !ot_query_cert_after(context, &range, &cursor, &after) ||
        !take_wait(context, &wait))
        return;
    if (!is_asked_anew(context, &range, after, wait))
        return;
    if (ot_answers_find(context->answers, context->reply))
        return;
    write_page(context, range);
    if (context->reply->status != 200)
        return;
    /* Between the two questions something may have been changed. */
    tag_page(context, &range, after);
    ot_answers_keep(context->answers, context->reply);
}
