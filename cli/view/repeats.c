#include "view/repeats.h"

#include <stdlib.h>

/* Places in a set for each term: of 32 that are alone, one shares its place. */
#define PLACES_PER_TERM 32u
#define PLACES_MIN_BITS 6u /* one word */

enum ot_status ot_repeats_init(struct ot_repeats *repeats, uint32_t count,
                               struct ot_error *err)
{
    unsigned bits = PLACES_MIN_BITS;
    size_t words;

    while (UINT64_C(1) << bits < (uint64_t)count * PLACES_PER_TERM)
        bits++;
    words = (size_t)1 << (bits - PLACES_MIN_BITS);
    *repeats = (struct ot_repeats){.count = count, .shift = 64 - bits};
    repeats->hashes = calloc((size_t)count + 1, sizeof(*repeats->hashes));
    repeats->once = calloc(words, sizeof(*repeats->once));
    repeats->again = calloc(words, sizeof(*repeats->again));
    if (repeats->hashes != NULL && repeats->once != NULL && repeats->again != NULL)
        return OT_OK;
    ot_repeats_clear(repeats);
    return ot_error_nomem(err);
}

void ot_repeats_clear(struct ot_repeats *repeats)
{
    free(repeats->hashes);
    free(repeats->once);
    free(repeats->again);
    *repeats = (struct ot_repeats){0};
}

void ot_repeats_note(struct ot_repeats *repeats, uint32_t i, uint64_t hash)
{
    const uint64_t place = hash >> repeats->shift, bit = UINT64_C(1) << place % 64;

    repeats->hashes[i] = hash | 1;
    repeats->again[place / 64] |= repeats->once[place / 64] & bit;
    repeats->once[place / 64] |= bit;
}

bool ot_repeats_has(const struct ot_repeats *repeats, uint32_t i)
{
    const uint64_t place = repeats->hashes[i] >> repeats->shift;

    return repeats->hashes[i] != 0 && (repeats->again[place / 64] >> place % 64 & 1) != 0;
}
