/* The envelope of a list: one page of items, the ids of its ends, and whether there is
 * more. */
#ifndef OT_SERVER_HANDLE_PAGE_INTERNAL_H
#define OT_SERVER_HANDLE_PAGE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/limits.h"

struct ot_buffer;

struct ot_page {
    struct ot_buffer *out;
    unsigned limit, rows; /* rows that were offered */
    bool has_more;        /* one was beyond the limit */
    char first[OT_ID_MAX + 1], last[OT_ID_MAX + 1];
};

void ot_page_open(struct ot_page *page, struct ot_buffer *out, unsigned limit);

/* Whether the item with this id is to be written now, as the page's next. */
bool ot_page_takes(struct ot_page *page, const char *id);

/* From now on it takes no further row, if what is written is as long as that. */
void ot_page_end_behind(struct ot_page *page, size_t len);

void ot_page_close(struct ot_page *page);

#endif
