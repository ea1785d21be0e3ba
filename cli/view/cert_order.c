#include "view/cert_order_internal.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

/* What is sorted in place of a row, a fifth of its size: its end as a number that
 * compares as it does, and of its label the eight bytes behind what all have in common.
 */
struct order_key {
    uint64_t end, head;
    uint32_t row;
};

/* Keys are sorted by a byte at a time, the last one of the head first. */
#define DIGITS 16u
#define DIGIT_VALUES 256u

struct order_work {
    const struct ot_cert_row *rows;
    struct order_key *keys, *spare;
    size_t count;
};

static size_t common_label_len(const struct order_work *work)
{
    const struct ot_span first = work->rows[work->keys[0].row].label;
    size_t len = first.len;

    for (size_t i = 1; i < work->count; i++) {
        const struct ot_span label = work->rows[work->keys[i].row].label;

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

static void fill_keys(struct order_work *work, size_t count)
{
    size_t skipped;

    for (uint32_t i = 0; i < count; i++)
        if (work->rows[i].is_shown)
            work->keys[work->count++].row = i;
    if (work->count == 0)
        return;
    skipped = common_label_len(work);
    for (size_t i = 0; i < work->count; i++) {
        struct order_key *key = &work->keys[i];
        const struct ot_cert_row *row = &work->rows[key->row];

        key->end = end_of(row->expires_at);
        key->head = head_of(row->label, skipped);
    }
}

static size_t key_digit(const struct order_key *key, unsigned digit)
{
    const uint64_t word = digit < DIGITS / 2 ? key->head : key->end;

    return word >> 8 * (digit % 8) & (DIGIT_VALUES - 1);
}

/* By one digit; what is the same in it keeps its order. */
static void sort_by_digit(struct order_work *work, unsigned digit)
{
    struct order_key *sorted = work->spare;
    uint32_t starts[DIGIT_VALUES + 1] = {0};

    for (size_t i = 0; i < work->count; i++)
        starts[key_digit(&work->keys[i], digit) + 1]++;
    for (size_t i = 1; i < DIGIT_VALUES; i++)
        starts[i] += starts[i - 1];
    for (size_t i = 0; i < work->count; i++)
        sorted[starts[key_digit(&work->keys[i], digit)]++] = work->keys[i];
    work->spare = work->keys;
    work->keys = sorted;
}

/* By those that are not the same in all keys, which are few. */
static void sort_keys(struct order_work *work)
{
    struct order_key differing = {0};

    for (size_t i = 1; i < work->count; i++) {
        differing.end |= work->keys[i].end ^ work->keys[0].end;
        differing.head |= work->keys[i].head ^ work->keys[0].head;
    }
    for (unsigned digit = 0; digit < DIGITS; digit++)
        if (key_digit(&differing, digit) != 0)
            sort_by_digit(work, digit);
}

/* Of what has the same key; arg: the rows. */
static int compare_ties(const void *a, const void *b, void *arg)
{
    const struct order_key *i = a, *j = b;
    const struct ot_cert_row *x = (const struct ot_cert_row *)arg + i->row,
                             *y = (const struct ot_cert_row *)arg + j->row;
    const int order = ot_span_compare(x->label, y->label);

    return order != 0 ? order : (i->row > j->row) - (i->row < j->row);
}

static void sort_ties(struct order_work *work)
{
    size_t first, i;

    for (first = 0; first < work->count; first = i) {
        const struct order_key *key = &work->keys[first];

        for (i = first + 1; i < work->count && work->keys[i].end == key->end &&
                            work->keys[i].head == key->head;)
            i++;
        if (i - first > 1)
            qsort_r(&work->keys[first], i - first, sizeof(*key), compare_ties,
                    (void *)(uintptr_t)work->rows);
    }
}

enum ot_status ot_cert_order(uint32_t **order, size_t *shown,
                             const struct ot_cert_row *rows, size_t count,
                             struct ot_error *err)
{
    struct order_key *keys = calloc(2 * count + 1, sizeof(*keys));
    struct order_work work = {.rows = rows, .keys = keys};

    *order = calloc(count + 1, sizeof(**order));
    if (keys == NULL || *order == NULL) {
        free(keys);
        return ot_error_nomem(err);
    }
    work.spare = keys + count;
    fill_keys(&work, count);
    sort_keys(&work);
    sort_ties(&work);
    for (size_t i = 0; i < work.count; i++)
        (*order)[i] = work.keys[i].row;
    *shown = work.count;
    free(keys);
    return OT_OK;
}
