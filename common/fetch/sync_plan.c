#include "fetch/sync_plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* What its content says of a certificate. */
static void apply_content(struct ot_record *record, const struct ot_content *content)
{
    if (content->cert != NULL) {
        ot_cert_fill(content->cert, record);
    } else if (content->note != NULL) {
        record->flags |= OT_RECORD_QUARANTINED;
        record->field[OT_FIELD_NOTE] = ot_span_str(content->note);
    }
}

static enum ot_status init_entry(struct ot_plan *plan, size_t i, struct ot_error *err)
{
    struct ot_plan_entry *entry = &plan->entries[i];
    struct ot_record *record = &plan->records[i];
    enum ot_status status = OT_OK;
    bool found = false;

    if (entry->content != NULL) {
        apply_content(record, entry->content);
    } else {
        status = ot_crawl_find_old(plan->old, entry->item->id, record, &found, err);
        if (status == OT_OK && !found) /* it was there a moment ago */
            status = ot_error_set(err, OT_E_INTERNAL, "certificate %s has no content",
                                  entry->item->id);
        if (status != OT_OK)
            return status;
        entry->is_changed = !agrees(record, entry->item);
    }
    apply_item(record, entry->item);
    return OT_OK;
}

enum ot_status ot_plan_init(struct ot_plan *plan, const struct ot_crawl *crawl,
                            struct ot_snapshot *old, struct ot_error *err)
{
    const struct ot_listing *listing = &crawl->listing;
    enum ot_status status = OT_OK;

    *plan = (struct ot_plan){.count = listing->count, .old = old};
    plan->entries = calloc(listing->count + 1, sizeof(*plan->entries));
    plan->records = calloc(listing->count + 1, sizeof(*plan->records));
    if (plan->entries == NULL || plan->records == NULL) {
        ot_plan_clear(plan);
        return ot_error_nomem(err);
    }
    for (size_t i = 0; status == OT_OK && i < plan->count; i++) {
        plan->entries[i].item = &listing->certs[i];
        plan->entries[i].content = crawl->contents[i];
        status = init_entry(plan, i, err);
    }
    if (status != OT_OK)
        ot_plan_clear(plan);
    return status;
}

void ot_plan_clear(struct ot_plan *plan)
{
    if (plan->entries != NULL)
        for (size_t i = 0; i < plan->count; i++)
            free(plan->entries[i].note);
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
    result->added += entry->content != NULL;
    result->modified += entry->content == NULL && entry->is_changed;
}

enum ot_status ot_plan_finish(struct ot_plan *plan, struct ot_sync_result *result,
                              struct ot_error *err)
{
    size_t kept = 0, known = 0;

    result->total = result->active = result->quarantined = result->warnings = 0;
    result->added = result->modified = result->removed = 0;
    for (size_t i = 0; i < plan->count; i++) {
        const struct ot_content *content = plan->entries[i].content;
        enum ot_status status;

        if (content != NULL && content->is_missing)
            continue;
        status = note_dates(plan, i, err);
        if (status != OT_OK)
            return status;
        count_entry(&plan->entries[i], &plan->records[i], result);
        known += content == NULL;
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
