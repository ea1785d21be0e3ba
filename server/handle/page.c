#include "handle/page_internal.h"

#include <string.h>

#include "base/limits.h"
#include "message/buffer.h"
#include "message/json_write.h"

void ot_page_open(struct ot_page *page, struct ot_buffer *out, unsigned limit)
{
    *page = (struct ot_page){.out = out, .limit = limit};
    ot_jsonw_open(out, '{');
    ot_jsonw_text_member(out, "object", "list");
    ot_jsonw_key(out, "data");
    ot_jsonw_open(out, '[');
}

void ot_page_end_behind(struct ot_page *page, size_t len)
{
    if (page->out->len >= len)
        page->limit = page->rows;
}

bool ot_page_takes(struct ot_page *page, const char *id)
{
    size_t len = strnlen(id, OT_ID_MAX);

    if (page->rows == page->limit) {
        page->has_more = true;
        return false;
    }
    page->rows++;
    memcpy(page->last, id, len);
    page->last[len] = '\0';
    if (page->rows == 1)
        memcpy(page->first, page->last, sizeof(page->first));
    return true;
}

void ot_page_close(struct ot_page *page)
{
    ot_jsonw_close(page->out, ']');
    ot_jsonw_text_member(page->out, "first_id", page->rows != 0 ? page->first : NULL);
    ot_jsonw_text_member(page->out, "last_id", page->rows != 0 ? page->last : NULL);
    ot_jsonw_bool_member(page->out, "has_more", page->has_more);
    ot_jsonw_close(page->out, '}');
}
