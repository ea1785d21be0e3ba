#include "view/repeats.h"

#include <stdlib.h>

/* Places in a set for each term: of 32 that are alone, one shares its place. */
#define PLACES_PER_TERM 32u
#define PLACES_MIN_BITS 6u /* one word */

/* Sets of places, of which the highest bits of a hash name one. */
struct places {
    unsigned shift;
    uint64_t *once, *again;
};

enum ot_status ot_repeats_init(struct ot_repeats *repeats, uint32_t count,
                               struct ot_error *err)
{
    *repeats = (struct ot_repeats){.count = count};
    repeats->hashes = calloc((size_t)count + 1, sizeof(*repeats->hashes));
    return repeats->hashes != NULL ? OT_OK : ot_error_nomem(err);
}

void ot_repeats_clear(struct ot_repeats *repeats)
{
    free(repeats->hashes);
    *repeats = (struct ot_repeats){0};
}

void ot_repeats_note(struct ot_repeats *repeats, uint32_t i, uint64_t hash)
{
    repeats->hashes[i] = hash | 1;
    repeats->noted++;
}

static bool has_place(const uint64_t *set, uint64_t place)
{
    return (set[place / 64] >> place % 64 & 1) != 0;
}

static void fill_places(const struct places *places, const struct ot_repeats *repeats)
{
    for (uint32_t i = 0; i < repeats->count; i++) {
        const uint64_t place = repeats->hashes[i] >> places->shift;
        const uint64_t bit = UINT64_C(1) << place % 64;

        if (repeats->hashes[i] == 0)
            continue;
        if (has_place(places->once, place))
            places->again[place / 64] |= bit;
        places->once[place / 64] |= bit;
    }
}

/* All at once: the sets stay in the processor's caches, which they would not between the
 * records that terms are of. Without memory for them each may be there again. */
void ot_repeats_find(struct ot_repeats *repeats)
{
    unsigned bits = PLACES_MIN_BITS;
    struct places places = {0};
    size_t words;

    while (UINT64_C(1) << bits < (uint64_t)repeats->noted * PLACES_PER_TERM)
        bits++;
    words = (size_t)1 << (bits - PLACES_MIN_BITS);
    places.shift = 64 - bits;
    places.once = calloc(words, sizeof(*places.once));
    places.again = calloc(words, sizeof(*places.again));
    if (places.once != NULL && places.again != NULL) {
        fill_places(&places, repeats);
        for (uint32_t i = 0; i < repeats->count; i++)
            if (!has_place(places.again, repeats->hashes[i] >> places.shift))
                repeats->hashes[i] = 0;
    }
    free(places.once);
    free(places.again);
}

bool ot_repeats_has(const struct ot_repeats *repeats, uint32_t i)
{
    return repeats->hashes[i] != 0;
}
