#include "api/cursor.h"

#include <stdbool.h>
#include <string.h>

/* One item of the way is kept, a later one at each power of two: on a way in circles the
 * kept one comes again as soon as it is on the circle and that is no longer than the way
 * up to there (Brent). */
enum ot_status ot_api_cursor_move(struct ot_api_cursor *cursor, const char *last,
                                  struct ot_error *err)
{
    const bool is_first = cursor->pages == 0;

    if (!is_first && strcmp(last, cursor->earlier) == 0)
        return ot_error_set(
            err, OT_E_PROTOCOL,
            "the listing goes round in circles: it gives the cursor %s again", last);
    memcpy(cursor->after, last, strlen(last) + 1);
    if (cursor->pages++ == cursor->next_earlier) {
        memcpy(cursor->earlier, cursor->after, sizeof(cursor->earlier));
        cursor->next_earlier = 2 * cursor->pages;
    }
    return OT_OK;
}
