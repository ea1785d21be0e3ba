#include "view/cert_order_internal.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "view/large_memory.h"

/* What is sorted in place of a row, a fifth of its size: first its end as a number that
 * compares as it does; then, of those with one end, the eight bytes of the label behind
 * what all of them have in common. */
struct order_key {
    uint64_t number;
    uint32_t row;
};

/* Numbers are sorted by a byte at a time, the last one first. */
#define DIGITS 8u
#define DIGIT_VALUES 256u

/* Fewer keys than these are compared with each other. */
#define FEW 64u

static size_t common_label_len(const struct ot_cert_row *rows,
                               const struct order_key *keys, size_t count)
{
    const struct ot_span first = rows[keys[0].row].label;
    size_t len = first.len;

    for (size_t i = 1; i < count; i++) {
        const struct ot_span label = rows[keys[i].row].label;

        if (label.len < len || memcmp(label.data, first.data, len) != 0)
            len = ot_span_common_len(label, first);
    }
    return len;
}

static uint64_t head_of(struct ot_span label, size_t skipped)
{
    uint64_t head = 0;
    size_t len = label.len - skipped;

    memcpy(&head, label.data + skipped, len < sizeof(head) ? len : sizeof(head));
    return be64toh(head);
}

/* A number that compares as the ends do. No end is 0, which stands for one that is not
 * known: that leaves the greatest for it. */
static uint64_t end_of(int64_t expires_at)
{
    const uint64_t from_least = (uint64_t)expires_at ^ (UINT64_C(1) << 63);

    return expires_at == 0 ? UINT64_MAX : from_least - (expires_at > 0);
}

static size_t number_digit(uint64_t number, unsigned digit)
{
    return number >> 8 * digit & (DIGIT_VALUES - 1);
}

/* By one digit; what is the same in it keeps its order. */
static void sort_by_digit(struct order_key *sorted, const struct order_key *keys,
                          size_t count, unsigned digit)
{
    uint32_t starts[DIGIT_VALUES + 1] = {0};

    for (size_t i = 0; i < count; i++)
        starts[number_digit(keys[i].number, digit) + 1]++;
    for (size_t i = 1; i < DIGIT_VALUES; i++)
        starts[i] += starts[i - 1];
    for (size_t i = 0; i < count; i++)
        sorted[starts[number_digit(keys[i].number, digit)]++] = keys[i];
}

/* By those digits that are not the same in all keys, which are few. spare has room for as
 * many. */
static void sort_by_number(struct order_key *keys, struct order_key *spare, size_t count)
{
    struct order_key *from = keys, *to = spare, *sorted;
    uint64_t differing = 0;

    for (size_t i = 1; i < count; i++)
        differing |= keys[i].number ^ keys[0].number;
    for (unsigned digit = 0; digit < DIGITS; digit++) {
        if (number_digit(differing, digit) == 0)
            continue;
        sort_by_digit(to, from, count, digit);
        sorted = to;
        to = from;
        from = sorted;
    }
    if (from != keys)
        memcpy(keys, from, count * sizeof(*keys));
}

/* How many from the first on have its number. */
static size_t count_same(const struct order_key *keys, size_t count)
{
    size_t same = 1;

    while (same < count && keys[same].number == keys[0].number)
        same++;
    return same;
}

/* By label, of one label as they came; arg: the rows. */
static int compare_labels(const void *a, const void *b, void *arg)
{
    const struct order_key *i = a, *j = b;
    const struct ot_cert_row *rows = arg;
    const int order = ot_span_compare(rows[i->row].label, rows[j->row].label);

    return order != 0 ? order : (i->row > j->row) - (i->row < j->row);
}

static void sort_few(const struct ot_cert_row *rows, struct order_key *keys, size_t count)
{
    if (count > 1)
        qsort_r(keys, count, sizeof(*keys), compare_labels, (void *)(uintptr_t)rows);
}

static void sort_by_label(const struct ot_cert_row *rows, struct order_key *keys,
                          struct order_key *spare, size_t count)
{
    size_t skipped, same;

    if (count < FEW) {
        sort_few(rows, keys, count);
        return;
    }
    skipped = common_label_len(rows, keys, count);
    for (size_t i = 0; i < count; i++)
        keys[i].number = head_of(rows[keys[i].row].label, skipped);
    sort_by_number(keys, spare, count);
    for (size_t i = 0; i < count; i += same) {
        same = count_same(keys + i, count - i);
        sort_few(rows, keys + i, same);
    }
}

enum ot_status ot_cert_order(uint32_t **order, size_t *shown,
                             const struct ot_cert_row *rows, size_t count,
                             struct ot_error *err)
{
    struct order_key *keys = ot_large_malloc((2 * count + 1) * sizeof(*keys));
    size_t same;

    *shown = 0;
    *order = malloc((count + 1) * sizeof(**order));
    if (keys == NULL || *order == NULL) {
        free(keys);
        return ot_error_nomem(err);
    }
    for (uint32_t i = 0; i < count; i++)
        if (rows[i].is_shown)
            keys[(*shown)++] = (struct order_key){end_of(rows[i].expires_at), i};
    sort_by_number(keys, keys + count, *shown);
    for (size_t i = 0; i < *shown; i += same) {
        same = count_same(keys + i, *shown - i);
        sort_by_label(rows, keys + i, keys + count, same);
    }
    for (size_t i = 0; i < *shown; i++)
        (*order)[i] = keys[i].row;
    free(keys);
    return OT_OK;
}
