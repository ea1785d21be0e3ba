#include "view/repeats.h"

#include <stdlib.h>

#include "unit.h"

#define TERMS 20000u

static uint64_t noted[TERMS];

/* splitmix64. */
static uint64_t hash_of(uint64_t term)
{
    term += UINT64_C(0x9e3779b97f4a7c15);
    term = (term ^ term >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    term = (term ^ term >> 27) * UINT64_C(0x94d049bb133111eb);
    return term ^ term >> 31;
}

static unsigned count_noted(uint64_t term)
{
    unsigned n = 0;

    for (size_t i = 0; i < TERMS; i++)
        n += noted[i] == term;
    return n;
}

/* Of each tenth term, and of the two at the ends, there are several. */
static void what_is_there_twice_is_never_taken_for_alone(void)
{
    struct ot_repeats repeats;
    unsigned missed = 0, alone = 0, unsure = 0;

    CU_ASSERT_EQUAL_FATAL(ot_repeats_init(&repeats, TERMS, NULL), OT_OK);
    for (uint32_t i = 0; i < TERMS; i++) {
        noted[i] = i % 10 == 0 ? i / 100 : 1000000 + i;
        if (i == TERMS - 1)
            noted[i] = noted[1];
        ot_repeats_note(&repeats, i, hash_of(noted[i]));
    }
    ot_repeats_find(&repeats);
    for (uint32_t i = 0; i < TERMS; i++) {
        const bool is_alone = i % 10 != 0 && i != 1 && i != TERMS - 1;

        if (i % 97 == 0 || i == 1)
            CU_ASSERT_EQUAL(count_noted(noted[i]) == 1, is_alone);
        alone += is_alone;
        unsure += is_alone && ot_repeats_has(&repeats, i);
        missed += !is_alone && !ot_repeats_has(&repeats, i);
    }
    CU_ASSERT_EQUAL(missed, 0);
    CU_ASSERT_TRUE(unsure < alone / 1000); /* else it would save nobody a question */
    ot_repeats_clear(&repeats);
}

static void equal_hashes_are_seen_at_either_end(void)
{
    struct ot_repeats repeats;

    CU_ASSERT_EQUAL_FATAL(ot_repeats_init(&repeats, 4, NULL), OT_OK);
    ot_repeats_note(&repeats, 0, 0);
    ot_repeats_note(&repeats, 2, 0);
    ot_repeats_note(&repeats, 3, UINT64_MAX);
    ot_repeats_find(&repeats);
    CU_ASSERT_TRUE(ot_repeats_has(&repeats, 0));
    CU_ASSERT_FALSE(ot_repeats_has(&repeats, 1)); /* which was not noted */
    CU_ASSERT_TRUE(ot_repeats_has(&repeats, 2));
    CU_ASSERT_FALSE(ot_repeats_has(&repeats, 3));
    ot_repeats_clear(&repeats);
    ot_repeats_clear(&repeats);
}

/* As nobody's hashes are but who chooses them: there is no doubt of few that are alike,
 * and of many none is taken for alone that is not. */
static void hashes_that_begin_alike_are_told_apart(void)
{
    struct ot_repeats repeats;
    unsigned unsure = 0;

    CU_ASSERT_EQUAL_FATAL(ot_repeats_init(&repeats, TERMS, NULL), OT_OK);
    for (uint32_t i = 0; i < TERMS; i++)
        ot_repeats_note(&repeats, i, 4 * (uint64_t)(i % (TERMS - 10)));
    ot_repeats_find(&repeats);
    for (uint32_t i = 0; i < 20; i++)
        unsure += ot_repeats_has(&repeats, i);
    CU_ASSERT_EQUAL(unsure, 10);
    for (uint32_t i = TERMS - 10; i < TERMS; i++)
        CU_ASSERT_TRUE(ot_repeats_has(&repeats, i));
    ot_repeats_clear(&repeats);
}

static void of_nothing_there_is_nothing(void)
{
    struct ot_repeats repeats;

    CU_ASSERT_EQUAL(ot_repeats_init(&repeats, 0, NULL), OT_OK);
    ot_repeats_find(&repeats);
    ot_repeats_clear(&repeats);
}

static const struct unit_case cases[] = {
    {"what is there twice is never taken for alone",
     what_is_there_twice_is_never_taken_for_alone},
    {"equal hashes are seen at either end", equal_hashes_are_seen_at_either_end},
    {"hashes that begin alike are told apart", hashes_that_begin_alike_are_told_apart},
    {"of nothing there is nothing", of_nothing_there_is_nothing},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return unit_main("repeats", cases, argc, argv);
}
