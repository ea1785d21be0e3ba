#include "view/repeats.h"

#include <stdlib.h>

#include "view/large_memory.h"

/* What is known of a term is in the lowest bits of its hash. */
#define NOTED UINT64_C(1)
#define AGAIN UINT64_C(2)
#define OF_HASH (~(NOTED | AGAIN))

/* A table of the terms by their hashes has room for twice as many. One that finds its
 * place taken goes to the next, but not for ever: then there may be more of it. */
#define PROBES_MAX 64u

enum ot_status ot_repeats_init(struct ot_repeats *repeats, uint32_t count,
                               struct ot_error *err)
{
    *repeats = (struct ot_repeats){.count = count};
    repeats->hashes = ot_large_calloc((size_t)count + 1, sizeof(*repeats->hashes));
    return repeats->hashes != NULL ? OT_OK : ot_error_nomem(err);
}

void ot_repeats_clear(struct ot_repeats *repeats)
{
    free(repeats->hashes);
    *repeats = (struct ot_repeats){0};
}

void ot_repeats_note(struct ot_repeats *repeats, uint32_t i, uint64_t hash)
{
    repeats->hashes[i] = (hash & OF_HASH) | NOTED;
    repeats->noted++;
}

/* Puts a term into the table, 2^bits numbers of terms and 1, unless one of its hash is
 * there. */
static void place_term(struct ot_repeats *repeats, uint32_t i, uint32_t *table,
                       unsigned bits)
{
    uint64_t *hashes = repeats->hashes;
    size_t at = (size_t)(hashes[i] >> (64 - bits));

    for (unsigned n = 0; n < PROBES_MAX; n++) {
        const uint32_t there = table[at];

        if (there == 0) {
            table[at] = i + 1;
            return;
        }
        if (((hashes[there - 1] ^ hashes[i]) & OF_HASH) == 0) {
            hashes[there - 1] |= AGAIN;
            break;
        }
        at = (at + 1) & (((size_t)1 << bits) - 1);
    }
    hashes[i] |= AGAIN;
}

/* All at once: the table stays in the processor's caches, which it would not between the
 * records that terms are of. Without memory for it each may be there again. */
void ot_repeats_find(struct ot_repeats *repeats)
{
    unsigned bits = 1;
    uint32_t *table;

    while (UINT64_C(1) << bits < UINT64_C(2) * repeats->noted)
        bits++;
    table = ot_large_calloc((size_t)1 << bits, sizeof(*table));
    for (uint32_t i = 0; i < repeats->count; i++) {
        if (repeats->hashes[i] == 0)
            continue;
        if (table != NULL)
            place_term(repeats, i, table, bits);
        else
            repeats->hashes[i] |= AGAIN;
    }
    free(table);
}

bool ot_repeats_has(const struct ot_repeats *repeats, uint32_t i)
{
    return (repeats->hashes[i] & AGAIN) != 0;
}
