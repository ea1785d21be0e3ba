#include "message/buffer.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 512

void ot_buffer_init(struct ot_buffer *buffer, size_t max)
{
    *buffer = (struct ot_buffer){.max = max};
}

void ot_buffer_clear(struct ot_buffer *buffer)
{
    free(buffer->data);
    ot_buffer_init(buffer, buffer->max);
}

static bool grow_buffer(struct ot_buffer *buffer, size_t need)
{
    size_t size = buffer->size == 0 ? FIRST_SIZE : buffer->size;
    char *data;

    while (size < need)
        size *= 2;
    data = realloc(buffer->data, size);
    if (data == NULL)
        return false;
    buffer->data = data;
    buffer->size = size;
    return true;
}

char *ot_buffer_extend(struct ot_buffer *buffer, size_t len)
{
    char *at;

    if (buffer->failed)
        return NULL;
    if (len > buffer->max - buffer->len ||
        (buffer->len + len > buffer->size && !grow_buffer(buffer, buffer->len + len))) {
        buffer->failed = true;
        return NULL;
    }
    at = buffer->data + buffer->len;
    buffer->len += len;
    return at;
}

bool ot_buffer_append(struct ot_buffer *buffer, const void *data, size_t len)
{
    char *at;

    if (len == 0)
        return !buffer->failed;
    at = ot_buffer_extend(buffer, len);
    if (at != NULL)
        memcpy(at, data, len);
    return at != NULL;
}

char *ot_buffer_take(struct ot_buffer *buffer)
{
    char *data = buffer->data;

    ot_buffer_init(buffer, buffer->max);
    return data;
}
