/* Which of many terms there may be more than once, found in one pass over their hashes:
 * who wants to know it of each asks an index only where this cannot tell. */
#ifndef OT_CLI_VIEW_REPEATS_H
#define OT_CLI_VIEW_REPEATS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* Zeroed: of nothing, not yet set up. */
struct ot_repeats {
    uint32_t count, noted;
    uint64_t *hashes; /* of each term; 0: it was not noted */
};

/* For terms that are numbered from 0 to count - 1, of which some may not be noted. */
enum ot_status ot_repeats_init(struct ot_repeats *repeats, uint32_t count,
                               struct ot_error *err);
void ot_repeats_clear(struct ot_repeats *repeats); /* also of what is only zeroed */

/* The term of that number, once, by a hash of 64 bits that are as good as random. */
void ot_repeats_note(struct ot_repeats *repeats, uint32_t i, uint64_t hash);

/* When all have been noted, before one is asked for. */
void ot_repeats_find(struct ot_repeats *repeats);

/* False: it was not noted, or is certainly the only one of its hash. True: mostly it is
 * not. */
bool ot_repeats_has(const struct ot_repeats *repeats, uint32_t i);

#endif
