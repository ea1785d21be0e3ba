#include "handle/revision_internal.h"

#include <string.h>

#include "handle/context.h"
#include "message/etag.h"
#include "message/reply.h"
#include "message/request.h"

bool ot_revision_is_asked_anew(struct ot_context *context, const char *kind,
                               const char *what, unsigned limit)
{
    const struct ot_etag_part parts[] = {
        {kind, strlen(kind) + 1},
        {context->revision, sizeof(context->revision)},
        {&limit, sizeof(limit)},
        {what, what != NULL ? strlen(what) : 0},
        {&context->caller.expires_at, sizeof(context->caller.expires_at)},
    };

    if (!context->has_revision)
        return true;
    ot_etag_make(context->reply->etag, parts, sizeof(parts) / sizeof(parts[0]));
    return !ot_reply_is_known(context->reply, context->request->if_none_match);
}
