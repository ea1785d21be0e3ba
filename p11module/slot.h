/* A slot: one source, as a token that cannot be written and needs no login. */
#ifndef OT_P11_SLOT_H
#define OT_P11_SLOT_H

#include <stdatomic.h>

#include "cache/cache.h"
#include "lock.h"

#define OT_SLOT_LABEL_LEN 32 /* of CK_TOKEN_INFO */
#define OT_SLOT_SERIAL_LEN 16

struct ot_slot {
    CK_SLOT_ID id;
    struct ot_cache *cache; /* NULL: always empty, and why says why */
    struct ot_error why;
    char label[OT_SLOT_LABEL_LEN + 1];
    char serial[OT_SLOT_SERIAL_LEN + 1];
    atomic_ulong sessions;     /* how many are open */
    atomic_uint complained_of; /* statuses, as bits, of which the log knows already */
    struct ot_lock lock;
    struct ot_snapshot *newest; /* guarded; what the last look gave, or NULL */
    atomic_uint looks;          /* counted up when that changes */
};

/* source NULL makes an empty token, whose reason is why. A cache that cannot be made
 * leaves it empty, too; only the lock can fail. */
CK_RV ot_slot_init(struct ot_slot *slot, CK_SLOT_ID id, const struct ot_source *source,
                   const struct ot_error *why, const struct ot_locking *locking);
void ot_slot_clear(struct ot_slot *slot);

/* Looks for a newer snapshot (one stat), and hands out a reference to what is there,
 * which becomes the newest; NULL when the token is empty. Logs why, once for each reason.
 */
struct ot_snapshot *ot_slot_look(struct ot_slot *slot);

/* A reference to the newest, as of the last look; touches no file. */
struct ot_snapshot *ot_slot_newest(struct ot_slot *slot, unsigned *looks);

unsigned ot_slot_purposes(const struct ot_slot *slot); /* enum ot_purpose */
void ot_slot_complain(struct ot_slot *slot, const struct ot_error *err);

#endif
