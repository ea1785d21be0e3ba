/* What a host that has nothing yet asks for: many certificates with content at once. */
#include <string.h>

#include "base/api_extension.h"
#include "base/error.h"
#include "config/identifier.h"
#include "handle/cert_json_internal.h"
#include "handle/context.h"
#include "handle/handlers.h"
#include "handle/page_internal.h"
#include "handle/query_internal.h"
#include "handle/revision_internal.h"
#include "message/answers.h"
#include "message/buffer.h"
#include "message/json_write.h"
#include "message/reply.h"
#include "shared/limits.h"
#include "store/cert.h"

/* An array of them, as the store takes it: quotation marks, a comma, brackets, NUL. */
#define IDS_LEN_MAX (OT_CONTENTS_MAX * (OT_ID_MAX + 3) + 3)

/* false: these are not 1 to OT_CONTENTS_MAX ids with commas between them. */
static bool write_id_array(struct ot_buffer *out, const char *ids)
{
    char id[OT_ID_MAX + 1];
    size_t len;

    ot_jsonw_open(out, '[');
    for (unsigned count = 1;; count++, ids += len + 1) {
        len = strcspn(ids, ",");
        if (count > OT_CONTENTS_MAX || !ot_is_cert_id(ids, len))
            return false;
        memcpy(id, ids, len);
        id[len] = '\0';
        ot_jsonw_text(out, id);
        if (ids[len] == '\0')
            break;
    }
    ot_jsonw_close(out, ']');
    ot_buffer_append(out, "", 1);
    return true;
}

/* Those that are too much are left out: whoever lacks one asks for it by itself. */
static void write_content_row(void *arg, const struct ot_cert_row *row, const char *pem)
{
    struct ot_page *page = arg;

    ot_page_end_behind(page, OT_CONTENTS_LEN);
    if (ot_page_takes(page, row->id))
        ot_cert_json_write(page->out, ot_object_single, row, pem);
}

static void write_contents(struct ot_context *context, const char *ids)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_page page;

    ot_page_open(&page, &context->reply->body, OT_CONTENTS_MAX);
    if (ot_db_cert_contents(context->db, ids, write_content_row, &page, &err) == OT_OK)
        ot_page_close(&page);
    else
        ot_reply_failure(context->reply, &err);
}

static void answer_contents(struct ot_context *context, const struct ot_buffer *ids)
{
    struct ot_error err = OT_ERROR_INIT;

    if (ids->failed) {
        ot_error_nomem(&err);
        ot_reply_failure(context->reply, &err);
    } else if (ot_revision_is_asked_anew(context, OT_CONTENTS_PATH, ids->data, 0) &&
               !ot_answers_find(context->answers, context->reply)) {
        write_contents(context, ids->data);
        if (context->reply->status == 200)
            ot_answers_keep(context->answers, context->reply);
    }
}

void ot_handle_contents(struct ot_context *context)
{
    struct ot_buffer array;
    const char *ids;

    if (!ot_query_value(context, OT_CONTENTS_PARAMETER, &ids))
        return;
    ot_buffer_init(&array, IDS_LEN_MAX);
    if (ids != NULL && write_id_array(&array, ids))
        answer_contents(context, &array);
    else
        ot_reply_error(context->reply, 400, "invalid_ids", OT_CONTENTS_PARAMETER,
                       "'ids' must be the ids of 1 to %d certificates, with commas "
                       "between them.",
                       OT_CONTENTS_MAX);
    ot_buffer_clear(&array);
}
