#include "fetch/sync_plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fetch/pem.h"

/* The record that the old snapshot has under this id. */
static enum ot_status find_old(struct ot_snapshot *old, const char *id,
                               struct ot_record *record, bool *found,
                               struct ot_error *err)
{
    struct ot_span term = ot_span_str(id);
    struct ot_positions list;
    enum ot_status status =
        ot_snapshot_find(old, OT_INDEX_ID, term, ot_span_str(NULL), &list, err);

    *found = false;
    for (uint32_t i = 0; status == OT_OK && i < list.count; i++) {
        status = ot_snapshot_record(old, &list, i, record, err);
        *found = status == OT_OK && ot_span_equal(record->field[OT_FIELD_ID], term);
        if (*found)
            break;
    }
    return status;
}

/* What the listing says of an entry, over what was there before. */
static void apply_item(struct ot_record *record, const struct ot_api_cert *item)
{
    record->field[OT_FIELD_ID] = ot_span_str(item->id);
    record->field[OT_FIELD_NAME] = ot_span_str(item->name);
    record->created_at = item->created_at;
    record->flags &= ~(uint32_t)OT_RECORD_ACTIVE;
    record->flags |= item->active ? OT_RECORD_ACTIVE : 0;
}

static bool agrees(const struct ot_record *record, const struct ot_api_cert *item)
{
    return ot_span_equal(record->field[OT_FIELD_NAME], ot_span_str(item->name)) &&
           record->created_at == item->created_at &&
           ((record->flags & OT_RECORD_ACTIVE) != 0) == item->active;
}

enum ot_status ot_plan_init(struct ot_plan *plan, const struct ot_listing *listing,
                            struct ot_snapshot *old, struct ot_error *err)
{
    enum ot_status status = OT_OK;

    *plan = (struct ot_plan){.count = listing->count, .old = old};
    plan->entries = calloc(listing->count + 1, sizeof(*plan->entries));
    plan->records = calloc(listing->count + 1, sizeof(*plan->records));
    if (plan->entries == NULL || plan->records == NULL) {
        ot_plan_clear(plan);
        return ot_error_nomem(err);
    }
    for (size_t i = 0; status == OT_OK && i < plan->count; i++) {
        struct ot_plan_entry *entry = &plan->entries[i];
        struct ot_record *record = &plan->records[i];

        entry->item = &listing->certs[i];
        if (old != NULL)
            status = find_old(old, entry->item->id, record, &entry->is_known, err);
        if (!entry->is_known)
            memset(record, 0, sizeof(*record));
        else
            entry->is_changed = !agrees(record, entry->item);
        apply_item(record, entry->item);
    }
    if (status != OT_OK)
        ot_plan_clear(plan);
    return status;
}

void ot_plan_clear(struct ot_plan *plan)
{
    if (plan->entries != NULL)
        for (size_t i = 0; i < plan->count; i++) {
            ot_cert_free(plan->entries[i].cert);
            free(plan->entries[i].note);
        }
    free(plan->entries);
    free(plan->records);
    *plan = (struct ot_plan){0};
}

static enum ot_status set_note(struct ot_plan *plan, size_t i, const char *note,
                               struct ot_error *err)
{
    struct ot_plan_entry *entry = &plan->entries[i];

    free(entry->note);
    entry->note = strdup(note);
    if (entry->note == NULL)
        return ot_error_nomem(err);
    plan->records[i].field[OT_FIELD_NOTE] = ot_span_str(entry->note);
    return OT_OK;
}

enum ot_status ot_plan_accept(struct ot_plan *plan, size_t i, const char *text,
                              struct ot_error *err)
{
    struct ot_error reason = OT_ERROR_INIT;
    struct ot_cert *cert = NULL;
    uint8_t *der = NULL;
    size_t len = 0;
    enum ot_status status = ot_pem_decode(&der, &len, text, strlen(text), &reason);

    if (status == OT_OK)
        status = ot_cert_parse(&cert, der, len, &reason);
    free(der);
    if (status == OT_E_PROTOCOL) {
        plan->records[i].flags |= OT_RECORD_QUARANTINED;
        return set_note(plan, i, reason.message, err);
    }
    if (status != OT_OK) {
        if (err != NULL)
            *err = reason;
        ot_error_prefix(err, "certificate %s", plan->entries[i].item->id);
        return status;
    }
    ot_cert_free(plan->entries[i].cert);
    plan->entries[i].cert = cert;
    ot_cert_fill(cert, &plan->records[i]);
    return OT_OK;
}

/* The certificate says when it is valid; an API that says otherwise is only reported. */
static enum ot_status note_dates(struct ot_plan *plan, size_t i, struct ot_error *err)
{
    const struct ot_api_cert *item = plan->entries[i].item;
    struct ot_record *record = &plan->records[i];
    struct ot_span before = record->field[OT_FIELD_NOTE];
    enum ot_status status = OT_OK;
    char note[256];

    if (record->flags & OT_RECORD_QUARANTINED)
        return OT_OK;
    record->flags &= ~(uint32_t)OT_RECORD_WARNING;
    record->field[OT_FIELD_NOTE] = ot_span_str(NULL);
    if ((item->has_valid_at && item->valid_at != record->valid_at) ||
        (item->has_expires_at && item->expires_at != record->expires_at)) {
        snprintf(note, sizeof(note),
                 "the API says that it is valid from %" PRId64 " to %" PRId64
                 ", the certificate itself from %" PRId64 " to %" PRId64
                 "; the certificate is right",
                 item->has_valid_at ? item->valid_at : record->valid_at,
                 item->has_expires_at ? item->expires_at : record->expires_at,
                 record->valid_at, record->expires_at);
        record->flags |= OT_RECORD_WARNING;
        status = set_note(plan, i, note, err);
    }
    if (!ot_span_equal(before, record->field[OT_FIELD_NOTE]))
        plan->entries[i].is_changed = true;
    return status;
}

static void count_entry(const struct ot_plan_entry *entry, const struct ot_record *record,
                        struct ot_sync_result *result)
{
    bool is_quarantined = (record->flags & OT_RECORD_QUARANTINED) != 0;

    result->total++;
    result->quarantined += is_quarantined;
    result->active += !is_quarantined && (record->flags & OT_RECORD_ACTIVE) != 0;
    result->warnings += (record->flags & OT_RECORD_WARNING) != 0;
    result->added += !entry->is_known;
    result->modified += entry->is_known && entry->is_changed;
}

enum ot_status ot_plan_finish(struct ot_plan *plan, struct ot_sync_result *result,
                              struct ot_error *err)
{
    size_t kept = 0, known = 0;

    result->total = result->active = result->quarantined = result->warnings = 0;
    result->added = result->modified = result->removed = 0;
    for (size_t i = 0; i < plan->count; i++) {
        enum ot_status status;

        if (plan->entries[i].is_missing)
            continue;
        status = note_dates(plan, i, err);
        if (status != OT_OK)
            return status;
        count_entry(&plan->entries[i], &plan->records[i], result);
        known += plan->entries[i].is_known;
        plan->records[kept++] = plan->records[i];
    }
    if (plan->old != NULL)
        result->removed = ot_snapshot_info(plan->old)->total - known;
    return OT_OK;
}

bool ot_plan_is_unchanged(const struct ot_plan *plan, const struct ot_sync_result *result)
{
    return plan->old != NULL && result->added == 0 && result->removed == 0 &&
           result->modified == 0;
}
