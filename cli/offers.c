#include "offers_internal.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/text.h"
#include "snapshot/record.h"
#include "snapshot/snapshot.h"
#include "view/large_memory.h"
#include "view/record_json.h"

static enum ot_status add_offer(struct ot_offers *offers, const struct ot_record *record,
                                struct ot_error *err)
{
    const struct ot_span name = record->field[OT_FIELD_NAME],
                         label = record->field[OT_FIELD_LABEL];
    const uint32_t i = offers->count;
    struct ot_offer *offer = &offers->certs[i];
    enum ot_status status;

    *offer = (struct ot_offer){
        .id = record->field[OT_FIELD_ID],
        .label = label,
        .is_named_so = ot_span_equal(name, label),
        .flags = record->flags,
        .state = ot_record_state_word(record),
    };
    status = ot_texts_keep(&offers->texts, &offer->label, err);
    if (status == OT_OK)
        status = ot_texts_keep(&offers->texts, &offer->id, err);
    if (status != OT_OK)
        return status;
    if (name.data != NULL)
        ot_repeats_note(&offers->callings, i, ot_span_hash(name));
    if (!offer->is_named_so)
        ot_repeats_note(&offers->callings, offers->capacity + i, ot_span_hash(label));
    offers->count++;
    return OT_OK;
}

static enum ot_status add_offers(struct ot_offers *offers, const struct ot_positions *all,
                                 struct ot_error *err)
{
    enum ot_status status = OT_OK;

    for (uint32_t i = 0; status == OT_OK && i < all->count; i++) {
        struct ot_record record;

        status = ot_snapshot_record(offers->snapshot, all, i, &record, err);
        if (status == OT_OK)
            status = add_offer(offers, &record, err);
    }
    return status;
}

void ot_offers_read(struct ot_offers *offers, struct ot_snapshot *snapshot)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_positions all = {.count = 0};
    enum ot_status status = ot_snapshot_all(snapshot, &all, &err);

    *offers = (struct ot_offers){.snapshot = snapshot, .capacity = all.count};
    if (status == OT_OK)
        status = ot_repeats_init(&offers->callings, 2 * all.count, &err);
    if (status != OT_OK)
        return;
    offers->certs = ot_large_malloc(((size_t)all.count + 1) * sizeof(*offers->certs));
    if (offers->certs != NULL)
        offers->is_whole = add_offers(offers, &all, &err) == OT_OK;
    ot_repeats_find(&offers->callings);
}

void ot_offers_clear(struct ot_offers *offers)
{
    free(offers->certs);
    ot_texts_clear(&offers->texts);
    ot_repeats_clear(&offers->callings);
    *offers = (struct ot_offers){0};
}

/* Labels are told apart already, but one may be the name of another. A question to the
 * index for each would be half of all. */
static bool is_alone(const struct ot_offers *offers, uint32_t i)
{
    const bool is_name = offers->certs[i].is_named_so;
    struct ot_positions same;

    if (offers->is_whole &&
        !ot_repeats_has(&offers->callings, is_name ? i : offers->capacity + i))
        return true;
    return ot_snapshot_find(offers->snapshot, OT_INDEX_NAME, offers->certs[i].label,
                            OT_SPAN_ABSENT, &same, NULL) == OT_OK &&
           same.count == (is_name ? 1 : 0);
}

static bool is_shown_as_it_is(const char *label, size_t len)
{
    char shown[4 * OT_NAME_MAX + 1];

    return ot_text_plain_len(label, len) == len ||
           ot_text_escape(shown, sizeof(shown), label, len) == len;
}

bool ot_offers_has_usable_label(const struct ot_offers *offers, uint32_t i)
{
    const struct ot_span label = offers->certs[i].label;

    return label.len > 0 && label.data[0] != '-' &&
           is_shown_as_it_is((const char *)label.data, label.len) && is_alone(offers, i);
}
