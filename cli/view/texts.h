/* Copies of many short texts, which lie one behind the other and are freed together: who
 * reads a snapshot has them at hand, where later each would be fetched from another page.
 */
#ifndef OT_CLI_VIEW_TEXTS_H
#define OT_CLI_VIEW_TEXTS_H

#include "base/error.h"
#include "base/span.h"

struct ot_texts_piece;

/* Zeroed: none. */
struct ot_texts {
    struct ot_texts_piece *last;
    uint8_t *next; /* where there is room for so many bytes */
    size_t left;
};

/* Has a text, which is not absent, point to a copy that lives as long as texts. */
enum ot_status ot_texts_keep(struct ot_texts *texts, struct ot_span *text,
                             struct ot_error *err);
void ot_texts_clear(struct ot_texts *texts);

#endif
