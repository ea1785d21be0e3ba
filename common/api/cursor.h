/* The way through the pages of a list, from the last item of each to what follows. */
#ifndef OT_API_CURSOR_H
#define OT_API_CURSOR_H

#include <stddef.h>

#include "base/error.h"
#include "base/limits.h"

struct ot_api_cursor {
    char after[OT_ID_MAX + 1]; /* the next page is behind it; "": it is the first */
    char earlier[OT_ID_MAX + 1];
    size_t pages, next_earlier;
};

/* To behind a page's last item. A way that would never end is an OT_E_PROTOCOL: it comes
 * again to where it was. */
enum ot_status ot_api_cursor_move(struct ot_api_cursor *cursor, const char *last,
                                  struct ot_error *err);

#endif
