#include "handle/change_internal.h"

#include <stdio.h>
#include <string.h>

#include "audit/change_line.h"
#include "config/identifier.h"
#include "handle/actor_internal.h"
#include "handle/context.h"
#include "message/buffer.h"
#include "message/reply.h"
#include "shared/limits.h"
#include "store/db.h"

struct change {
    struct ot_context *context;
    ot_change *work;
    void *arg;
};

static enum ot_status begin_reply_anew(struct ot_db *db, void *arg, struct ot_error *err)
{
    const struct change *change = arg;

    (void)db;
    ot_buffer_clear(&change->context->reply->body);
    return change->work(change->context, change->arg, err);
}

static const char *change_outcome(enum ot_status status, const char *row)
{
    switch (status) {
    case OT_OK:
        return row[0] != '\0' ? "done" : "unchanged";
    case OT_E_NOT_FOUND:
    case OT_E_REFUSED:
        return "refused";
    case OT_E_SERVER:
        return "unknown";
    default:
        return "failed";
    }
}

static void log_change(const struct ot_context *context, const struct ot_change_of *of,
                       enum ot_status status)
{
    const struct ot_actor actor = ot_actor_of(context);
    const char *ids[OT_TOGGLE_MAX], *row = ot_db_event(context->db);
    struct ot_change_line line = {
        .event = of->event,
        .ids = ids,
        .are_known = status == OT_OK,
        .actor = &actor,
        .outcome = change_outcome(status, row),
        .row = status == OT_OK ? row : "",
    };

    /* Whatever stands in a request in the place of an id. */
    for (size_t i = 0; i < of->count && i < OT_TOGGLE_MAX; i++)
        if (of->ids[i][0] != '\0')
            ids[line.count++] =
                ot_is_cert_id(of->ids[i], strlen(of->ids[i])) ? of->ids[i] : "?";
    ot_change_line_print(stderr, &line);
}

enum ot_status ot_change_run(struct ot_context *context, const struct ot_change_of *of,
                             ot_change *work, void *arg, struct ot_error *err)
{
    struct change change = {context, work, arg};
    enum ot_status status =
        ot_db_write(context->db, OT_WRITING, begin_reply_anew, &change, err);

    if (of != NULL)
        log_change(context, of, status);
    return status;
}
