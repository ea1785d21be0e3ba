/* A growing run of bytes with a maximum. After a failure (out of memory, maximum reached)
 * it ignores what is appended, so that only the end of a composition needs a check. */
#ifndef OT_SERVER_MESSAGE_BUFFER_H
#define OT_SERVER_MESSAGE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct ot_buffer {
    char *data;
    size_t len, size, max;
    bool failed;
};

void ot_buffer_init(struct ot_buffer *buffer, size_t max);
void ot_buffer_clear(struct ot_buffer *buffer);
bool ot_buffer_append(struct ot_buffer *buffer, const void *data, size_t len);

/* Room for so many bytes more, all of which the caller fills; NULL after a failure. */
char *ot_buffer_extend(struct ot_buffer *buffer, size_t len);

/* The bytes, which the caller frees; the buffer is empty then. */
char *ot_buffer_take(struct ot_buffer *buffer);

#endif
