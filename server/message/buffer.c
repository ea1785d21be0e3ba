#include "message/buffer.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 512

struct ot_bytes {
    char *data;
    size_t len;
    atomic_uint shares;
};

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

/* Without the room that a buffer has for growing. */
static char *trim_bytes(char *data, size_t len)
{
    char *trimmed = len > 0 ? realloc(data, len) : NULL;

    return trimmed != NULL ? trimmed : data;
}

struct ot_bytes *ot_buffer_share(struct ot_buffer *buffer)
{
    struct ot_bytes *bytes = malloc(sizeof(*bytes));

    if (bytes == NULL)
        return NULL;
    bytes->len = buffer->len;
    bytes->data = trim_bytes(buffer->data, bytes->len);
    ot_buffer_init(buffer, buffer->max);
    atomic_init(&bytes->shares, 1);
    return bytes;
}

struct ot_bytes *ot_bytes_ref(struct ot_bytes *bytes)
{
    atomic_fetch_add(&bytes->shares, 1);
    return bytes;
}

void ot_bytes_unref(void *bytes)
{
    struct ot_bytes *shared = bytes;

    if (shared == NULL || atomic_fetch_sub(&shared->shares, 1) != 1)
        return;
    free(shared->data);
    free(shared);
}

const char *ot_bytes_data(const struct ot_bytes *bytes)
{
    return bytes->data;
}

size_t ot_bytes_len(const struct ot_bytes *bytes)
{
    return bytes->len;
}
