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

/* Bytes that do not change any more, and that several own: the last of them to give its
 * share back frees them. Any thread. */
struct ot_bytes;

/* Takes the bytes of the buffer, which is empty then; the caller has the first share.
 * NULL: no memory, and the buffer is as it was. */
struct ot_bytes *ot_buffer_share(struct ot_buffer *buffer);
/* One share more, which is returned. */
struct ot_bytes *ot_bytes_ref(struct ot_bytes *bytes);
/* bytes: a struct ot_bytes, or NULL. */
void ot_bytes_unref(void *bytes);
const char *ot_bytes_data(const struct ot_bytes *bytes);
size_t ot_bytes_len(const struct ot_bytes *bytes);

#endif
