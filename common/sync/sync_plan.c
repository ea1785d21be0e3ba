#include "sync/sync_plan_internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api_cert.h"
#include "api/extra.h"
#include "base/limits.h"
#include "base/span.h"
#include "cert/cert.h"
#include "cert/limited.h"
#include "cert/rewrap.h"
#include "snapshot/record.h"
#include "snapshot/snapshot.h"
#include "sync/sync_content_internal.h"
#include "sync/sync_found_internal.h"
#include "sync/sync_options.h"

/* A remark on a certificate, in one sentence or several. */
struct warning {
    char text[2 * OT_EXTRA_MAX + OT_OTHERS_MAX + 768];
};

__attribute__((format(printf, 2, 3))) static void add_words(struct warning *warning,
                                                            const char *fmt, ...)
{
    size_t len = strlen(warning->text);
    va_list args;

    len += (size_t)snprintf(warning->text + len, sizeof(warning->text) - len, "%s",
                            len > 0 ? "; " : "");
    va_start(args, fmt);
    vsnprintf(warning->text + len, sizeof(warning->text) - len, fmt, args);
    va_end(args);
}

#define STATE_FLAGS (OT_RECORD_ACTIVE | OT_RECORD_BY_PROJECT | OT_RECORD_BY_ORGANIZATION)

/* Whether it is active, and where that may be in two scopes, by which. */
static uint32_t state_flags(const struct ot_plan *plan, const struct ot_api_cert *item)
{
    uint32_t flags = item->active ? OT_RECORD_ACTIVE : 0;

    if (plan->inherits && (item->active_in & OT_LIST_OF_SCOPE) != 0)
        flags |= OT_RECORD_BY_PROJECT;
    if (plan->inherits && (item->active_in & OT_LIST_OF_ORGANIZATION) != 0)
        flags |= OT_RECORD_BY_ORGANIZATION;
    return flags;
}

/* What the listing says of an entry, over what was there before. */
static void apply_item(const struct ot_plan *plan, struct ot_record *record,
                       const struct ot_api_cert *item)
{
    record->field[OT_FIELD_ID] = ot_span_str(item->id);
    record->field[OT_FIELD_NAME] = ot_span_str(item->name);
    record->created_at = item->created_at;
    record->ends_at = item->ends_at;
    record->flags &= ~(uint32_t)STATE_FLAGS;
    record->flags |= state_flags(plan, item);
}

static bool agrees_with_listing(const struct ot_plan *plan,
                                const struct ot_record *record,
                                const struct ot_api_cert *item)
{
    return ot_span_equal(record->field[OT_FIELD_NAME], ot_span_str(item->name)) &&
           record->created_at == item->created_at && record->ends_at == item->ends_at &&
           (record->flags & STATE_FLAGS) == state_flags(plan, item);
}

/* What its content says of a certificate. */
static void apply_content(struct ot_record *record, const struct ot_content *content)
{
    record->field[OT_FIELD_EXTRA] = ot_span_str(content->extra);
    record->field[OT_FIELD_OTHERS] = ot_span_str(content->others);
    if (content->limited != NULL) {
        ot_limited_fill(content->limited, record);
    } else if (content->cert != NULL) {
        ot_cert_fill(content->cert, record);
    } else if (content->note != NULL) {
        record->flags |= OT_RECORD_QUARANTINED;
        record->field[OT_FIELD_NOTE] = ot_span_str(content->note);
    }
}

/* What kept it from everybody is gone, or the limits are others: the certificate alone
 * decides again. */
static enum ot_status check_again(struct ot_plan *plan, size_t i, struct ot_error *err)
{
    struct ot_plan_entry *entry = &plan->entries[i];
    struct ot_record *record = &plan->records[i];
    struct ot_span der = ot_record_original(record);
    enum ot_status status = OT_OK;

    if (entry->cert == NULL)
        status = ot_cert_parse(&entry->cert, der.data, der.len, err);
    if (status == OT_OK && entry->limited == NULL && plan->limits != NULL)
        status = ot_limited_new(&entry->limited, entry->cert, plan->limits, err);
    if (status != OT_OK)
        return status;
    if (entry->limited != NULL)
        ot_limited_fill(entry->limited, record);
    else
        ot_cert_fill(entry->cert, record);
    return OT_OK;
}

static enum ot_status init_entry(struct ot_plan *plan, size_t i, struct ot_error *err)
{
    struct ot_plan_entry *entry = &plan->entries[i];
    struct ot_record *record = &plan->records[i], old;
    enum ot_status status = OT_OK;

    if (plan->old != NULL)
        status = ot_snapshot_find_id(plan->old, ot_span_str(entry->item->id), &old,
                                     &entry->is_known, err);
    if (status != OT_OK)
        return status;
    if (entry->content != NULL) {
        apply_content(record, entry->content);
    } else if (entry->is_known) {
        *record = old;
        if (!plan->is_limited_alike && record->field[OT_FIELD_DER].data != NULL)
            status = check_again(plan, i, err);
        entry->is_changed = !agrees_with_listing(plan, record, entry->item);
    } else { /* it was there a moment ago */
        return ot_error_set(err, OT_E_INTERNAL, "certificate %s has no content",
                            entry->item->id);
    }
    apply_item(plan, record, entry->item);
    return status;
}

enum ot_status ot_plan_init(struct ot_plan *plan, const struct ot_crawl *crawl,
                            struct ot_snapshot *old, const struct ot_limits *limits,
                            uint64_t tag, struct ot_error *err)
{
    const struct ot_listing *listing = &crawl->listing;
    enum ot_status status = OT_OK;

    *plan = (struct ot_plan){
        .inherits = listing->inherits,
        .count = listing->count,
        .old = old,
        .limits = limits,
        .is_limited_alike = old != NULL && ot_snapshot_info(old)->limits == tag,
    };
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

static void clear_entry(struct ot_plan_entry *entry)
{
    free(entry->note);
    free(entry->withheld);
    ot_limited_free(entry->limited);
    ot_cert_free(entry->cert);
}

void ot_plan_clear(struct ot_plan *plan)
{
    if (plan->entries != NULL)
        for (size_t i = 0; i < plan->count; i++)
            clear_entry(&plan->entries[i]);
    free(plan->entries);
    free(plan->records);
    *plan = (struct ot_plan){0};
}

/* Makes a text the entry's own, and the record's. */
static enum ot_status set_owned_text(char **own, struct ot_span *field, const char *text,
                                     struct ot_error *err)
{
    free(*own);
    *own = strdup(text);
    *field = ot_span_str(*own);
    return *own != NULL ? OT_OK : ot_error_nomem(err);
}

/* The certificate says when it is valid; an API that says otherwise is only reported. Of
 * one whose life is shortened, the API knows no more than that it ends later. */
static void add_dates(struct warning *warning, const struct ot_plan *plan,
                      const struct ot_api_cert *item, const struct ot_record *record)
{
    bool is_shortened = plan->limits != NULL && plan->limits->not_after != 0 &&
                        record->expires_at == plan->limits->not_after;
    bool ends_otherwise = is_shortened ? item->expires_at < record->expires_at
                                       : item->expires_at != record->expires_at;

    if ((item->has_valid_at && item->valid_at != record->valid_at) ||
        (item->has_expires_at && ends_otherwise))
        add_words(warning,
                  "the API says that it is valid from %" PRId64 " to %" PRId64
                  ", the certificate itself from %" PRId64 " to %" PRId64
                  "; the certificate is right",
                  item->has_valid_at ? item->valid_at : record->valid_at,
                  item->has_expires_at ? item->expires_at : record->expires_at,
                  record->valid_at, record->expires_at);
}

/* A list of names as one text. */
static void add_extra(struct warning *warning, struct ot_span extra)
{
    char names[OT_EXTRA_MAX] = "";
    size_t len = 0;

    for (size_t i = 0; i < extra.len && len + 3 < sizeof(names); i++) {
        if (extra.data[i] == '!' && (i == 0 || extra.data[i - 1] == '\n'))
            continue;
        if (extra.data[i] == '\n')
            names[len++] = ',';
        names[len++] = extra.data[i] == '\n' ? ' ' : (char)extra.data[i];
    }
    names[len] = '\0';
    if (len > 0)
        add_words(warning,
                  "the API says something of it that this version does not know: %s",
                  names);
}

static void add_others(struct warning *warning, struct ot_span others)
{
    if (others.data != NULL)
        add_words(warning,
                  "its entry holds more certificates, and the first alone is the anchor; "
                  "not handed out are %.*s",
                  (int)others.len, (const char *)others.data);
}

static enum ot_status note_warnings(struct ot_plan *plan, size_t i, struct ot_error *err)
{
    struct ot_plan_entry *entry = &plan->entries[i];
    struct ot_record *record = &plan->records[i];
    struct ot_span listed = ot_span_str(entry->item->extra);
    struct warning warning = {.text = ""};

    record->flags &= ~(uint32_t)OT_RECORD_WARNING;
    record->field[OT_FIELD_NOTE] = OT_SPAN_ABSENT;
    add_dates(&warning, plan, entry->item, record);
    add_extra(&warning, listed);
    if (!ot_span_equal(listed, record->field[OT_FIELD_EXTRA]))
        add_extra(&warning, record->field[OT_FIELD_EXTRA]);
    add_others(&warning, record->field[OT_FIELD_OTHERS]);
    if (warning.text[0] == '\0')
        return OT_OK;
    record->flags |= OT_RECORD_WARNING;
    return set_owned_text(&entry->note, &record->field[OT_FIELD_NOTE], warning.text, err);
}

/* A certificate whose trust the API limits in a way that no program here could keep to is
 * handed to none, whichever of its two answers says so. */
static enum ot_status check_restriction(struct ot_plan *plan, size_t i,
                                        struct ot_error *err)
{
    struct ot_plan_entry *entry = &plan->entries[i];
    struct ot_record *record = &plan->records[i];
    struct ot_span name = ot_extra_restriction(ot_span_str(entry->item->extra));
    struct warning reason = {.text = ""};
    enum ot_status status = OT_OK;

    if (name.data == NULL)
        name = ot_extra_restriction(record->field[OT_FIELD_EXTRA]);
    if ((record->flags & OT_RECORD_RESTRICTED) != 0)
        status = check_again(plan, i, err);
    if (status != OT_OK || name.data == NULL)
        return status;
    add_words(
        &reason,
        "the API has the field \"%.*s\" with it, which by its name limits what it is "
        "trusted for: no program here could keep to that",
        (int)name.len, (const char *)name.data);
    if ((record->flags & OT_RECORD_WITHHELD_TOKEN) == 0)
        record->flags |= OT_RECORD_TELLABLE;
    record->flags |= OT_RECORD_WITHHELD | OT_RECORD_RESTRICTED;
    return set_owned_text(&entry->withheld, &record->field[OT_FIELD_WITHHELD],
                          reason.text, err);
}

/* Whether the old snapshot says the same of it. */
static bool is_same_record(const struct ot_record *a, const struct ot_record *b)
{
    static const enum ot_field fields[] = {OT_FIELD_NAME,  OT_FIELD_NOTE,
                                           OT_FIELD_DER,   OT_FIELD_WITHHELD,
                                           OT_FIELD_EXTRA, OT_FIELD_OTHERS};

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if (!ot_span_equal(a->field[fields[i]], b->field[fields[i]]))
            return false;
    return a->flags == b->flags && a->created_at == b->created_at &&
           a->ends_at == b->ends_at;
}

static enum ot_status finish_entry(struct ot_plan *plan, size_t i, struct ot_error *err)
{
    struct ot_plan_entry *entry = &plan->entries[i];
    struct ot_record *record = &plan->records[i], before = *record;
    enum ot_status status = OT_OK;
    bool found;

    if (entry->is_known && (entry->content != NULL || entry->cert != NULL))
        status = ot_snapshot_find_id(plan->old, ot_span_str(entry->item->id), &before,
                                     &found, err);
    if (status == OT_OK && (record->flags & OT_RECORD_QUARANTINED) == 0) {
        status = note_warnings(plan, i, err);
        if (status == OT_OK)
            status = check_restriction(plan, i, err);
    }
    if (status == OT_OK && !is_same_record(&before, record))
        entry->is_changed = true;
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
    result->withheld += !is_quarantined && (record->flags & OT_RECORD_ACTIVE) != 0 &&
                        ot_record_is_withheld(record);
    result->added += !entry->is_known;
    result->modified += entry->is_known && entry->is_changed;
}

enum ot_status ot_plan_finish(struct ot_plan *plan, struct ot_sync_result *result,
                              struct ot_error *err)
{
    size_t kept = 0, known = 0;
    uint64_t bytes = 0;

    result->total = result->active = result->quarantined = result->warnings = 0;
    result->withheld = 0;
    result->added = result->modified = result->removed = 0;
    for (size_t i = 0; i < plan->count; i++) {
        const struct ot_content *content = plan->entries[i].content;
        enum ot_status status;

        if (content != NULL && content->is_missing)
            continue;
        status = finish_entry(plan, i, err);
        if (status != OT_OK)
            return status;
        count_entry(&plan->entries[i], &plan->records[i], result);
        known += plan->entries[i].is_known;
        bytes += ot_record_original(&plan->records[i]).len;
        plan->records[kept++] = plan->records[i];
    }
    if (bytes > OT_CONTENTS_BYTES_MAX)
        return ot_error_set(err, OT_E_PROTOCOL,
                            "the certificates are longer than %u bytes together",
                            OT_CONTENTS_BYTES_MAX);
    if (plan->old != NULL)
        result->removed = ot_snapshot_info(plan->old)->total - known;
    return OT_OK;
}

bool ot_plan_is_unchanged(const struct ot_plan *plan, const struct ot_sync_result *result)
{
    return plan->old != NULL && plan->is_limited_alike && result->added == 0 &&
           result->removed == 0 && result->modified == 0;
}
