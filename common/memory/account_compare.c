/* What became of each certificate between two accounts. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/purpose.h"
#include "config/source.h"
#include "memory/account_internal.h"
#include "snapshot/record.h"
#include "snapshot/snapshot.h"

/* The trusted or distrusted ones of an account by their SHA-256: several ids may stand
 * for one. */
struct holders {
    const struct ot_known **items;
    size_t count;
};

struct comparison {
    struct ot_account *account;
    struct holders before, after;
    struct ot_error *err;
};

static int compare_holders(const void *a, const void *b)
{
    return memcmp((*(const struct ot_known *const *)a)->sha256,
                  (*(const struct ot_known *const *)b)->sha256, OT_SHA256_LEN);
}

static bool list_holders(struct holders *holders, const struct ot_memory *memory)
{
    holders->items = calloc(memory->known_count + 1, sizeof(const struct ot_known *));
    if (holders->items == NULL)
        return false;
    for (size_t i = 0; i < memory->known_count; i++)
        if (memory->known[i].places != 0 && memory->known[i].has_sha256)
            holders->items[holders->count++] = &memory->known[i];
    if (holders->count > 0)
        qsort(holders->items, holders->count, sizeof(const struct ot_known *),
              compare_holders);
    return true;
}

/* Another id under which the same certificate counts; NULL: none. */
static const struct ot_known *find_holder(const struct holders *holders,
                                          const struct ot_known *known)
{
    size_t low = 0, high = holders->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare_holders(&holders->items[middle], &known) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < holders->count && compare_holders(&holders->items[low], &known) == 0;
         low++)
        if (!ot_span_equal(holders->items[low]->id, known->id))
            return holders->items[low];
    return NULL;
}

/* One more thing to say; *detail is NULL or allocated, and after a failure still so. */
__attribute__((format(printf, 3, 4))) static enum ot_status
add_detail(char **detail, struct ot_error *err, const char *fmt, ...)
{
    char *more = NULL, *joined = NULL;
    va_list args;
    int n;

    va_start(args, fmt);
    n = vasprintf(&more, fmt, args);
    va_end(args);
    if (n < 0)
        return ot_error_nomem(err);
    if (*detail == NULL) {
        *detail = more;
        return OT_OK;
    }
    n = asprintf(&joined, "%s; %s", *detail, more);
    free(more);
    if (n < 0)
        return ot_error_nomem(err);
    free(*detail);
    *detail = joined;
    return OT_OK;
}

static enum ot_status fetch_record(const struct comparison *comparison, struct ot_span id,
                                   struct ot_record *record)
{
    struct ot_snapshot *snapshot = comparison->account->snapshot;
    bool found;
    enum ot_status status =
        ot_snapshot_find_id(snapshot, id, record, &found, comparison->err);

    return status != OT_OK || found
               ? status
               : ot_error_set(comparison->err, OT_E_INTERNAL,
                              "a certificate of the list has no record");
}

static bool is_denied(const struct ot_known *known)
{
    return (known->places & OT_RECORD_DISTRUSTED) != 0;
}

/* What the machine's trust in it is, less to more. */
static int trust_of(const struct ot_known *known)
{
    return is_denied(known) ? -1 : known->places != 0;
}

static enum ot_sign sign_of(int before, int after)
{
    if (before == after)
        return OT_SIGN_OTHER;
    return after > before ? OT_SIGN_BEGAN : OT_SIGN_CEASED;
}

/* Why nobody, or not everybody, is given it. */
static enum ot_status add_reason(char **detail, const struct comparison *comparison,
                                 const struct ot_known *known,
                                 const struct ot_record *record)
{
    int64_t now = comparison->account->now;
    struct ot_error *err = comparison->err;
    char words[OT_PURPOSES_TEXT_MAX];
    const struct ot_span *note = &record->field[OT_FIELD_NOTE];
    const struct ot_span *why = &record->field[OT_FIELD_WITHHELD];
    char places[OT_PLACES_TEXT_MAX];

    if (is_denied(known))
        return add_detail(
            detail, err, "nobody who asks orgtrust believes it%s",
            ot_purposes_denied_text(words, comparison->account->source->purposes));
    if ((record->flags & OT_RECORD_QUARANTINED) != 0)
        return add_detail(detail, err, "quarantined: %.*s", (int)note->len,
                          note->data != NULL ? (const char *)note->data : "");
    if ((record->flags & OT_RECORD_ACTIVE) == 0)
        return add_detail(detail, err, "inactive");
    if ((record->flags & OT_RECORD_CA) == 0)
        return add_detail(detail, err, "it is no certificate authority");
    if (now > record->expires_at)
        return add_detail(detail, err, "expired");
    if (now < record->valid_at)
        return add_detail(detail, err, "not valid yet");
    if ((record->flags & OT_RECORD_WITHHELD) != 0)
        return add_detail(detail, err, "withheld from %s%s%.*s",
                          ot_record_places(places, record), why->len > 0 ? ": " : "",
                          (int)why->len,
                          why->data != NULL ? (const char *)why->data : "");
    return OT_OK;
}

/* Takes detail over. */
static void take_news(struct comparison *comparison, enum ot_sign sign, const char *what,
                      const struct ot_known *known, char *detail)
{
    struct ot_memory *after = &comparison->account->after;
    struct ot_news *news;

    if (after->news_count == OT_NEWS_KEPT_MAX) {
        free(detail);
    } else {
        news = &after->news[after->news_count++];
        *news = (struct ot_news){
            .number = after->next.number,
            .at = comparison->account->now,
            .sign = sign,
            .what = ot_span_str(what),
            .id = known->id,
            .name = known->name,
            .has_sha256 = known->has_sha256,
            .detail = ot_span_str(detail),
            .own = detail,
        };
        memcpy(news->sha256, known->sha256, OT_SHA256_LEN);
    }
    after->next.number++;
    after->next.signs[sign]++;
}

/* Trust, or a no, began or ended only where no other id stands for the same certificate.
 */
static enum ot_status correct_sign(const struct comparison *comparison,
                                   enum ot_sign *sign, const struct ot_known *known,
                                   char **detail)
{
    bool says_no = ot_source_distrusts(comparison->account->source);
    bool begins = *sign == (says_no ? OT_SIGN_CEASED : OT_SIGN_BEGAN);
    const struct ot_known *other = NULL;

    if (*sign != OT_SIGN_OTHER && known->has_sha256)
        other = find_holder(begins ? &comparison->before : &comparison->after, known);
    if (other == NULL)
        return OT_OK;
    *sign = OT_SIGN_OTHER;
    return add_detail(detail, comparison->err, "%s%s as %.*s", begins ? "" : "still ",
                      says_no  ? begins ? "distrusted before" : "distrusted"
                      : begins ? "trusted before"
                               : "trusted",
                      (int)other->id.len, (const char *)other->id.data);
}

static enum ot_status tell_news(struct comparison *comparison, enum ot_sign sign,
                                const char *what, const struct ot_known *known,
                                char *detail)
{
    enum ot_status status = correct_sign(comparison, &sign, known, &detail);

    if (status == OT_OK)
        take_news(comparison, sign, what, known, detail);
    else
        free(detail);
    return status;
}

static enum ot_status tell_gone(struct comparison *comparison,
                                const struct ot_known *known)
{
    int trust = trust_of(known);
    char *detail = NULL;
    enum ot_status status = OT_OK;

    if (trust <= 0)
        status = add_detail(&detail, comparison->err,
                            trust < 0 ? "it was distrusted" : "it was not trusted");
    return status != OT_OK
               ? status
               : tell_news(comparison, sign_of(trust, 0), "removed", known, detail);
}

static enum ot_status tell_added(struct comparison *comparison, struct ot_known *known)
{
    struct ot_record record;
    char *detail = NULL;
    enum ot_status status;

    if (comparison->account->is_first && !known->is_active)
        return OT_OK; /* what a new machine does not trust is no news */
    status = fetch_record(comparison, known->id, &record);
    if (status == OT_OK)
        status = add_reason(&detail, comparison, known, &record);
    known->since = known->places != 0 ? comparison->account->now : 0;
    return status != OT_OK ? status
                           : tell_news(comparison, sign_of(0, trust_of(known)), "added",
                                       known, detail);
}

/* One word; NULL: it is as it was. */
static const char *word_of_change(const struct ot_known *was, const struct ot_known *is,
                                  const struct ot_record *record, int64_t now)
{
    if (is_denied(is) != is_denied(was))
        return is_denied(is) ? "distrusted" : "distrust-ended";
    if (is->is_active != was->is_active)
        return is->is_active ? "activated" : "deactivated";
    if ((was->places & ~is->places) != 0) {
        if ((record->flags & OT_RECORD_QUARANTINED) != 0)
            return "quarantined";
        if (!ot_record_is_valid_at(record, now))
            return now < record->valid_at ? "not-yet-valid" : "expired";
        return "withheld";
    }
    if (is->places != was->places)
        return "admitted";
    return ot_span_equal(was->name, is->name) ? NULL : "renamed";
}

static enum ot_status tell_changed(struct comparison *comparison,
                                   const struct ot_known *was, struct ot_known *is)
{
    struct ot_record record;
    const char *what;
    char *detail = NULL;
    enum ot_status status = fetch_record(comparison, is->id, &record);

    if (status != OT_OK)
        return status;
    what = word_of_change(was, is, &record, comparison->account->now);
    if (is->is_active)
        status = add_reason(&detail, comparison, is, &record);
    if (status == OT_OK && !ot_span_equal(was->name, is->name))
        status = add_detail(&detail, comparison->err, "before: %.*s", (int)was->name.len,
                            was->name.data != NULL ? (const char *)was->name.data : "");
    if (status != OT_OK) {
        free(detail);
        return status;
    }
    return tell_news(comparison, sign_of(trust_of(was), trust_of(is)), what, is, detail);
}

/* Under an id there is what was there; else one went and another came. */
static bool is_same_certificate(const struct ot_known *was, const struct ot_known *is)
{
    return !was->has_sha256 || !is->has_sha256 ||
           memcmp(was->sha256, is->sha256, OT_SHA256_LEN) == 0;
}

static enum ot_status tell_kept(struct comparison *comparison, const struct ot_known *was,
                                struct ot_known *is)
{
    enum ot_status status;

    if (!is_same_certificate(was, is)) {
        status = tell_gone(comparison, was);
        return status == OT_OK ? tell_added(comparison, is) : status;
    }
    if (is->places != 0)
        is->since = was->places != 0 && is_denied(was) == is_denied(is)
                        ? was->since
                        : comparison->account->now;
    if (is->is_active == was->is_active && is->places == was->places &&
        ot_span_equal(was->name, is->name))
        return OT_OK;
    return tell_changed(comparison, was, is);
}

/* Both lists are in the order of their ids. */
static enum ot_status walk_both(struct comparison *comparison)
{
    const struct ot_memory *before = &comparison->account->before;
    struct ot_memory *after = &comparison->account->after;
    enum ot_status status = OT_OK;
    size_t i = 0, j = 0;

    while (status == OT_OK && (i < before->known_count || j < after->known_count)) {
        int order = i == before->known_count ? 1
                    : j == after->known_count
                        ? -1
                        : ot_span_compare(before->known[i].id, after->known[j].id);

        if (order < 0)
            status = tell_gone(comparison, &before->known[i++]);
        else if (order > 0)
            status = tell_added(comparison, &after->known[j++]);
        else
            status = tell_kept(comparison, &before->known[i++], &after->known[j++]);
    }
    return status;
}

enum ot_status ot_account_compare(struct ot_account *account, struct ot_error *err)
{
    struct comparison comparison = {.account = account, .err = err};
    enum ot_status status = OT_E_NOMEM;

    account->after.news = calloc(OT_NEWS_KEPT_MAX, sizeof(*account->after.news));
    if (account->after.news == NULL ||
        !list_holders(&comparison.before, &account->before) ||
        !list_holders(&comparison.after, &account->after))
        ot_error_nomem(err);
    else
        status = walk_both(&comparison);
    free(comparison.before.items);
    free(comparison.after.items);
    return status;
}
