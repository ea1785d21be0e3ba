#include "slot.h"
#include "base/span.h"
#include "config/source.h"
#include "view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Of the name alone: URLs and projects may move, and applications pin this. No name has a
 * blank in it. */
static void put_serial(struct ot_slot *slot)
{
    const struct ot_source *source = slot->view->source;
    char name[OT_TOKEN_LABEL_LEN + 1];

    snprintf(name, sizeof(name), "%s%s%s", source != NULL ? source->name : "default",
             slot->rules != NULL ? " " : "",
             slot->rules != NULL ? slot->rules->word : "");
    snprintf(slot->serial, sizeof(slot->serial), "%016" PRIx64,
             ot_span_hash(ot_span_str(name)));
}

CK_RV ot_slot_init(struct ot_slot *slot, CK_SLOT_ID id, struct ot_view *view,
                   struct ot_distrust *distrust, const struct ot_token_rules *rules,
                   const struct ot_locking *locking)
{
    memset(slot, 0, sizeof(*slot));
    slot->id = id;
    slot->view = view;
    slot->rules = rules;
    slot->policy.purposes = view->source != NULL ? view->source->purposes : 0;
    slot->policy.is_admin = rules != NULL;
    slot->policy.is_distrust =
        rules == NULL && view->source != NULL && ot_source_distrusts(view->source);
    if (!slot->policy.is_admin && !slot->policy.is_distrust)
        slot->policy.distrust = distrust;
    put_serial(slot);
    return rules != NULL ? rules->init(slot, locking) : CKR_OK;
}

void ot_slot_clear(struct ot_slot *slot)
{
    if (slot->rules != NULL)
        slot->rules->clear(slot, false);
}

void ot_slot_clear_inherited(struct ot_slot *slot)
{
    if (slot->rules != NULL)
        slot->rules->clear(slot, true);
}

CK_RV ot_slot_open(struct ot_slot *slot, bool is_read_write)
{
    return slot->rules != NULL ? slot->rules->open(slot, is_read_write) : CKR_OK;
}

void ot_slot_close(struct ot_slot *slot, bool is_read_write)
{
    if (slot->rules != NULL)
        slot->rules->close(slot, is_read_write);
}

bool ot_slot_shows_objects(const struct ot_slot *slot)
{
    return slot->rules == NULL || slot->rules->shows_objects(slot);
}

CK_STATE ot_slot_state(const struct ot_slot *slot, bool is_read_write)
{
    if (slot->rules != NULL)
        return slot->rules->state(slot, is_read_write);
    return is_read_write ? CKS_RW_PUBLIC_SESSION : CKS_RO_PUBLIC_SESSION;
}
