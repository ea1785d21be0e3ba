#include "view/cert_order_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define ROWS 3000u
#define LABEL_MAX 64

static char labels[ROWS][LABEL_MAX];
static struct ot_cert_row rows[ROWS];

/* The same each time, and as good as random. */
static unsigned draw(unsigned below)
{
    static uint64_t state = 17;

    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(state >> 33) % below;
}

static int compare_labels(struct ot_span a, struct ot_span b)
{
    for (size_t i = 0; i < a.len && i < b.len; i++)
        if (a.data[i] != b.data[i])
            return a.data[i] < b.data[i] ? -1 : 1;
    return (a.len > b.len) - (a.len < b.len);
}

/* What the header says, by itself. */
static bool comes_before(uint32_t i, uint32_t j)
{
    const struct ot_cert_row *a = &rows[i], *b = &rows[j];
    const int order = compare_labels(a->label, b->label);

    if ((a->expires_at == 0) != (b->expires_at == 0))
        return a->expires_at != 0;
    if (a->expires_at != b->expires_at)
        return a->expires_at < b->expires_at;
    return order != 0 ? order < 0 : i < j;
}

static void order_is_right(size_t count)
{
    size_t shown = 0, expected = 0, wrong = 0;
    bool seen[ROWS] = {false};
    uint32_t *order = NULL;

    CU_ASSERT_EQUAL_FATAL(ot_cert_order(&order, &shown, rows, count, NULL), OT_OK);
    for (size_t i = 0; i < count; i++)
        expected += rows[i].is_shown;
    CU_ASSERT_EQUAL_FATAL(shown, expected);
    for (size_t i = 0; i < shown; i++) {
        wrong += seen[order[i]] || !rows[order[i]].is_shown;
        wrong += i > 0 && !comes_before(order[i - 1], order[i]);
        seen[order[i]] = true;
    }
    CU_ASSERT_EQUAL(wrong, 0);
    free(order);
}

static void set_row(size_t i, const char *label, size_t len, int64_t expires_at)
{
    memcpy(labels[i], label, len);
    rows[i] = (struct ot_cert_row){
        .label = ot_span_of(labels[i], len), .expires_at = expires_at, .is_shown = true};
}

/* Names that begin alike, of one end or of few. */
static void what_expires_soonest_is_first_and_then_it_goes_by_label(void)
{
    static const char *const forms[][2] = {{"", ""},
                                           {"Anchor ", ""},
                                           {"An anchor of many words ", ""},
                                           {"", " and what all have at their ends"}};
    char label[LABEL_MAX];

    for (size_t form = 0; form < sizeof(forms) / sizeof(forms[0]); form++)
        for (unsigned ends = 1; ends < ROWS; ends *= 50) {
            for (size_t i = 0; i < ROWS; i++) {
                snprintf(label, sizeof(label), "%s%u%s", forms[form][0], draw(ROWS),
                         forms[form][1]);
                set_row(i, label, strlen(label), 1700000000 + 86399 * (int)draw(ends));
            }
            order_is_right(ROWS);
        }
}

/* Bytes of any kind and number, ends before 1970 and none, rows that are not shown. */
static void whatever_there_is_has_its_place(void)
{
    static const int64_t ends[] = {0,         1,         -1, INT64_MIN, INT64_MAX,
                                   INT64_MAX, INT32_MAX, 0,  2,         -86400};
    char label[LABEL_MAX];

    for (unsigned round = 0; round < 20; round++) {
        const size_t count = round < 4 ? round : 1 + draw(ROWS - 1);

        for (size_t i = 0; i < count; i++) {
            const size_t len = draw(12);

            for (size_t j = 0; j < len; j++)
                label[j] = (char)("\0\1a\177\377"[draw(5)]);
            set_row(i, label, len, ends[draw(10)]);
            rows[i].is_shown = draw(8) != 0;
        }
        order_is_right(count);
    }
}

static const struct unit_case cases[] = {
    {"what expires soonest is first and then it goes by label",
     what_expires_soonest_is_first_and_then_it_goes_by_label},
    {"whatever there is has its place", whatever_there_is_has_its_place},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return unit_main("cert_order", cases, argc, argv);
}
