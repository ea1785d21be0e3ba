/* A slot with its token. Each source has one whose token holds what it trusts, cannot be
 * written and needs no login; and one to administer it where the configuration says so,
 * behind all others. */
#ifndef OT_P11_SLOT_H
#define OT_P11_SLOT_H

#include "login.h"
#include "object.h"
#include "view.h"

#define OT_SLOT_SERIAL_LEN 16

struct ot_slot {
    CK_SLOT_ID id;
    struct ot_view *view; /* of its source; not owned */
    struct ot_aspect aspect;
    struct ot_login login; /* of an administration token; of others zeros: nobody */
    char label[OT_TOKEN_LABEL_LEN + 1];
    char serial[OT_SLOT_SERIAL_LEN + 1];
    atomic_ulong sessions; /* how many are open */
};

/* The view must outlive the slot. */
CK_RV ot_slot_init(struct ot_slot *slot, CK_SLOT_ID id, struct ot_view *view,
                   bool is_admin, const struct ot_locking *locking);
void ot_slot_clear(struct ot_slot *slot);
/* The same in a forked child. */
void ot_slot_clear_inherited(struct ot_slot *slot);

/* Whether who has a session on the slot may see objects now. */
static inline bool ot_slot_shows_objects(const struct ot_slot *slot)
{
    return !slot->aspect.is_admin || ot_login_who(&slot->login) != OT_NOBODY;
}

#endif
