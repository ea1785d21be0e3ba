#include "base/span.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t ot_span_hash(struct ot_span span)
{
    return XXH3_64bits(span.data, span.len);
}

bool ot_span_equal(struct ot_span a, struct ot_span b)
{
    if (a.data == NULL || b.data == NULL)
        return a.data == b.data;
    return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

int ot_span_compare(struct ot_span a, struct ot_span b)
{
    int order = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

size_t ot_span_common_len(struct ot_span a, struct ot_span b)
{
    size_t len = 0;

    while (len < a.len && len < b.len && a.data[len] == b.data[len])
        len++;
    return len;
}

struct ot_span ot_span_str(const char *text)
{
    return (struct ot_span){(const uint8_t *)text, text == NULL ? 0 : strlen(text)};
}
