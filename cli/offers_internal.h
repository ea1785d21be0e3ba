/* The certificates of a snapshot as completion offers them. Each is read once; whether a
 * label means one alone is known when all have been. */
#ifndef OT_CLI_OFFERS_INTERNAL_H
#define OT_CLI_OFFERS_INTERNAL_H

#include "base/span.h"
#include "view/repeats.h"
#include "view/texts.h"

struct ot_snapshot;

struct ot_offer {
    struct ot_span id, label;
    bool is_named_so; /* the label is its name, too */
    uint32_t flags;   /* enum ot_record_flag */
    const char *state;
};

struct ot_offers {
    struct ot_snapshot *snapshot; /* not owned */
    struct ot_offer *certs;
    struct ot_texts texts; /* what these point into */
    uint32_t count, capacity;
    struct ot_repeats callings; /* names, then, from capacity on, labels that are none */
    bool is_whole;              /* none behind them was damaged */
};

/* Up to the first that is damaged. Without memory there are none. */
void ot_offers_read(struct ot_offers *offers, struct ot_snapshot *snapshot);
void ot_offers_clear(struct ot_offers *offers); /* also of what is only zeroed */

/* Whether its label means this certificate alone, and can be typed and seen as it is. */
bool ot_offers_has_usable_label(const struct ot_offers *offers, uint32_t i);

#endif
