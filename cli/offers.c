#include "offers_internal.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/text.h"
#include "snapshot/record.h"
#include "snapshot/snapshot.h"
#include "view/record_json.h"

static void add_offer(struct ot_offers *offers, const struct ot_record *record)
{
    const struct ot_span name = record->field[OT_FIELD_NAME];
    const uint32_t i = offers->count++;

    offers->certs[i] = (struct ot_offer){
        .id = record->field[OT_FIELD_ID],
        .name = name,
        .label = record->field[OT_FIELD_LABEL],
        .flags = record->flags,
        .state = ot_record_state_word(record),
    };
    if (name.data != NULL)
        ot_repeats_note(&offers->names, i, ot_span_hash(name));
}

static enum ot_status add_offers(struct ot_offers *offers, const struct ot_positions *all,
                                 struct ot_error *err)
{
    enum ot_status status = OT_OK;

    for (uint32_t i = 0; status == OT_OK && i < all->count; i++) {
        struct ot_record record;

        status = ot_snapshot_record(offers->snapshot, all, i, &record, err);
        if (status == OT_OK)
            add_offer(offers, &record);
    }
    return status;
}

void ot_offers_read(struct ot_offers *offers, struct ot_snapshot *snapshot)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_positions all = {.count = 0};
    enum ot_status status = ot_snapshot_all(snapshot, &all, &err);

    *offers = (struct ot_offers){.snapshot = snapshot};
    if (status == OT_OK)
        status = ot_repeats_init(&offers->names, all.count, &err);
    if (status != OT_OK)
        return;
    offers->certs = calloc((size_t)all.count + 1, sizeof(*offers->certs));
    if (offers->certs != NULL)
        offers->is_whole = add_offers(offers, &all, &err) == OT_OK;
}

void ot_offers_clear(struct ot_offers *offers)
{
    free(offers->certs);
    ot_repeats_clear(&offers->names);
    *offers = (struct ot_offers){0};
}

/* A question to the index for each name would be half of all. */
static bool is_alone(const struct ot_offers *offers, uint32_t i)
{
    struct ot_positions same;

    if (offers->is_whole && !ot_repeats_has(&offers->names, i))
        return true;
    return ot_snapshot_find(offers->snapshot, OT_INDEX_NAME, offers->certs[i].name,
                            OT_SPAN_ABSENT, &same, NULL) == OT_OK &&
           same.count == 1;
}

static bool is_shown_as_it_is(const char *name, size_t len)
{
    char shown[4 * OT_NAME_MAX + 1];

    return ot_text_plain_len(name, len) == len ||
           ot_text_escape(shown, sizeof(shown), name, len) == len;
}

bool ot_offers_has_usable_name(const struct ot_offers *offers, uint32_t i)
{
    const struct ot_span name = offers->certs[i].name;

    return name.len > 0 && name.data[0] != '-' &&
           is_shown_as_it_is((const char *)name.data, name.len) && is_alone(offers, i);
}
