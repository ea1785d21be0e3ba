#include "handle/change_internal.h"

#include "handle/context.h"
#include "message/buffer.h"
#include "message/reply.h"
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

enum ot_status ot_change_run(struct ot_context *context, ot_change *work, void *arg,
                             struct ot_error *err)
{
    struct change change = {context, work, arg};

    return ot_db_write(context->db, OT_WRITING, begin_reply_anew, &change, err);
}
