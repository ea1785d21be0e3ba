/* Bytes, by where they are and how many. */
#ifndef OT_BASE_SPAN_H
#define OT_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that somebody else owns. data NULL: absent, which is not the same as empty. */
struct ot_span {
    const uint8_t *data;
    size_t len;
};

#define OT_SPAN_ABSENT ((struct ot_span){NULL, 0})

/* XXH3-64. */
uint64_t ot_span_hash(struct ot_span span);
bool ot_span_equal(struct ot_span a, struct ot_span b);
/* By bytes, a beginning before what it begins; neither is absent. As for qsort. */
int ot_span_compare(struct ot_span a, struct ot_span b);
/* How many bytes both begin with; neither is absent. */
size_t ot_span_common_len(struct ot_span a, struct ot_span b);
static inline struct ot_span ot_span_of(const void *data, size_t len)
{
    return (struct ot_span){(const uint8_t *)data, len};
}
struct ot_span ot_span_str(const char *text); /* NULL gives an absent span */

#endif
