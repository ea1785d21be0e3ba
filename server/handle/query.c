#include "handle/query_internal.h"

#include <stdlib.h>
#include <string.h>

#include "config/identifier.h"
#include "handle/context.h"
#include "message/reply.h"
#include "message/request.h"
#include "shared/limits.h"
#include "store/cert.h"

bool ot_query_value(struct ot_context *context, const char *name, const char **value)
{
    unsigned at = 0;

    *value = ot_request_next(context->request, name, &at);
    if (*value == NULL || ot_request_next(context->request, name, &at) == NULL)
        return true;
    ot_reply_error(context->reply, 400, "duplicate_parameter", name,
                   "'%s' is given more than once.", name);
    return false;
}

bool ot_query_limit(struct ot_context *context, unsigned *limit)
{
    const char *text;
    size_t digits;

    *limit = OT_PAGE_LIMIT_DEFAULT;
    if (!ot_query_value(context, "limit", &text))
        return false;
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

bool ot_query_order(struct ot_context *context, bool descending_unless_given,
                    bool *descending)
{
    const char *text;

    if (!ot_query_value(context, "order", &text))
        return false;
    *descending = text == NULL ? descending_unless_given : strcmp(text, "desc") == 0;
    if (text == NULL || *descending || strcmp(text, "asc") == 0)
        return true;
    ot_reply_error(context->reply, 400, "invalid_order", "order",
                   "'order' must be 'asc' or 'desc'.");
    return false;
}

bool ot_query_flag(struct ot_context *context, const char *name, bool *value)
{
    const char *text;

    if (!ot_query_value(context, name, &text))
        return false;
    *value = text != NULL && strcmp(text, "true") == 0;
    if (text == NULL || *value || strcmp(text, "false") == 0)
        return true;
    ot_reply_error(context->reply, 400, "invalid_parameter", name,
                   "'%s' must be 'true' or 'false'.", name);
    return false;
}

bool ot_query_integer(struct ot_context *context, const char *name, int64_t *number,
                      bool *is_given)
{
    const char *text, *digits;
    size_t len;

    if (!ot_query_value(context, name, &text))
        return false;
    *is_given = text != NULL;
    if (text == NULL)
        return true;
    digits = text + (*text == '-');
    len = strspn(digits, "0123456789");
    if (len >= 1 && len <= 18 && digits[len] == '\0') {
        *number = strtoll(text, NULL, 10);
        return true;
    }
    ot_reply_error(context->reply, 400, "invalid_parameter", name,
                   "'%s' must be a whole number.", name);
    return false;
}

bool ot_query_found_cursor(struct ot_context *context, const char *name, const char *what,
                           enum ot_status status, const struct ot_error *err)
{
    if (status == OT_E_NOT_FOUND)
        ot_reply_error(
            context->reply, 400, "invalid_cursor", name,
            "'%s' names no %s of this organization: it must be the id of the last "
            "one of the page before. If that was deleted meanwhile, begin with the "
            "first page again.",
            name, what);
    else if (status != OT_OK)
        ot_reply_failure(context->reply, err);
    return status == OT_OK;
}

bool ot_query_cert_after(struct ot_context *context, struct ot_cert_range *range,
                         struct ot_cert_cursor *cursor, const char **id)
{
    struct ot_error err = OT_ERROR_INIT;
    enum ot_status status = OT_E_NOT_FOUND;

    if (!ot_query_value(context, "after", id))
        return false;
    if (*id == NULL)
        return true;
    range->after = cursor;
    if (ot_is_cert_id(*id, strlen(*id)))
        status = ot_db_cert_cursor(context->db, *id, cursor, &err);
    return ot_query_found_cursor(context, "after", "certificate", status, &err);
}
