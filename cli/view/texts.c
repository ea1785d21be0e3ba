#include "view/texts.h"

#include <stdlib.h>
#include <string.h>

#include "view/large_memory.h"

/* The first piece of memory is for a few, each other one for many. */
#define FIRST_SIZE ((size_t)16 * 1024)
#define NEXT_SIZE OT_HUGE_PAGE

struct ot_texts_piece {
    struct ot_texts_piece *before;
    uint8_t bytes[];
};

static bool add_piece(struct ot_texts *texts, size_t len)
{
    const size_t least = sizeof(struct ot_texts_piece) + len,
                 usual = texts->last == NULL ? FIRST_SIZE : NEXT_SIZE,
                 size = least > usual ? least : usual;
    struct ot_texts_piece *piece = ot_large_malloc(size);

    if (piece == NULL)
        return false;
    piece->before = texts->last;
    texts->last = piece;
    texts->next = piece->bytes;
    texts->left = size - sizeof(*piece);
    return true;
}

enum ot_status ot_texts_keep(struct ot_texts *texts, struct ot_span *text,
                             struct ot_error *err)
{
    if ((texts->last == NULL || texts->left < text->len) && !add_piece(texts, text->len))
        return ot_error_nomem(err);
    if (text->len > 0)
        memcpy(texts->next, text->data, text->len);
    text->data = texts->next;
    texts->next += text->len;
    texts->left -= text->len;
    return OT_OK;
}

void ot_texts_clear(struct ot_texts *texts)
{
    struct ot_texts_piece *piece;

    while ((piece = texts->last) != NULL) {
        texts->last = piece->before;
        free(piece);
    }
    *texts = (struct ot_texts){0};
}
