#include "view/source_report.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "cache/distrust.h"
#include "config/source.h"
#include "config/source_path.h"
#include "files/path.h"
#include "snapshot/record.h"
#include "view/repeats.h"

/* A sync may rename a new snapshot into place between our open and our stat. */
#define OPEN_TRIES 8

const char *ot_attention_word(enum ot_attention attention)
{
    static const char *const words[OT_ATTENTION_COUNT] = {
        [OT_ATTENTION_QUARANTINED] = "quarantined",
        [OT_ATTENTION_WITHHELD] = "withheld",
        [OT_ATTENTION_FUTURE] = "not_yet_valid",
        [OT_ATTENTION_SAME_SERIAL] = "same_serial",
        [OT_ATTENTION_SAME_NAME] = "same_name",
        [OT_ATTENTION_LONG_KEY_ID] = "long_key_id",
        [OT_ATTENTION_EXPIRED] = "expired",
        [OT_ATTENTION_EXPIRING] = "expiring",
        [OT_ATTENTION_NOT_CA] = "not_ca",
        [OT_ATTENTION_WARNING] = "warned",
    };

    return words[attention];
}

static const char *word_of(enum ot_status status)
{
    switch (status) {
    case OT_E_NO_SNAPSHOT:
        return "missing";
    case OT_E_EXPIRED:
        return "expired";
    case OT_E_CORRUPT:
        return "corrupt";
    case OT_E_SCOPE:
        return "other-scope";
    case OT_E_UNSAFE:
        return "unsafe";
    default:
        return "unreadable";
    }
}

static enum ot_status open_reported_snapshot(struct ot_source_report *report,
                                             const char *path, int64_t *seen_at,
                                             struct ot_error *err)
{
    char *scope = ot_source_scope(report->source);
    enum ot_status status;

    if (scope == NULL)
        return ot_error_nomem(err);
    for (int i = 0;; i++) {
        struct stat st;

        status = ot_snapshot_open(&report->snapshot, path, scope, err);
        if (status == OT_OK)
            status = ot_snapshot_check_limits(report->snapshot,
                                              ot_source_limits(report->source), err);
        if (status != OT_OK)
            break;
        if (stat(path, &st) == 0 && ot_snapshot_is_file(report->snapshot, &st)) {
            *seen_at = st.st_mtime;
            break;
        }
        ot_snapshot_unref(report->snapshot);
        report->snapshot = NULL;
        if (i == OPEN_TRIES) {
            status = ot_error_set(err, OT_E_IO, "%s changes all the time", path);
            break;
        }
    }
    free(scope);
    return status;
}

static enum ot_status note_attention(struct ot_source_report *report,
                                     enum ot_attention attention, uint32_t index,
                                     struct ot_error *err)
{
    size_t count = report->attention[attention].count;

    /* Grown at the powers of two. */
    if ((count & (count - 1)) == 0) {
        uint32_t *grown = reallocarray(report->attention[attention].index,
                                       count ? count * 2 : 1, sizeof(*grown));

        if (grown == NULL)
            return ot_error_nomem(err);
        report->attention[attention].index = grown;
    }
    report->attention[attention].index[count] = index;
    report->attention[attention].count++;
    return OT_OK;
}

/* What is being collected, as of when. */
struct report_work {
    struct ot_source_report *report;
    struct ot_repeats *serials; /* issuer and serial of each anchor */
    int64_t now;
};

/* Whether the record is an anchor that another one is taken for: of the candidates of an
 * index, one that differs in a field. */
static bool has_rival(const struct ot_source_report *report,
                      const struct ot_record *record, enum ot_index index,
                      struct ot_span term, struct ot_span more, enum ot_field differs,
                      int64_t now)
{
    struct ot_positions same;
    struct ot_record other;

    if (ot_snapshot_find(report->snapshot, index, term, more, &same, NULL) != OT_OK)
        return false;
    /* Mostly it is alone, and need not be read again to see that. */
    for (uint32_t i = 0; same.count > 1 && i < same.count; i++)
        if (ot_snapshot_record(report->snapshot, &same, i, &other, NULL) == OT_OK &&
            ot_record_is_anchor(&other, 0, now) &&
            ot_span_equal(other.field[OT_FIELD_SUBJECT],
                          record->field[OT_FIELD_SUBJECT]) &&
            ot_span_equal(other.field[OT_FIELD_ISSUER], record->field[OT_FIELD_ISSUER]) &&
            !ot_span_equal(other.field[differs], record->field[differs]))
            return true;
    return false;
}

/* What keeps programs from finding the right one, but for look_at_serials. */
static enum ot_status look_at_identity(const struct report_work *work, uint32_t index,
                                       const struct ot_record *record,
                                       struct ot_error *err)
{
    struct ot_source_report *report = work->report;
    const struct ot_span *field = record->field;
    const int64_t now = work->now;
    enum ot_status status = OT_OK;

    if (!ot_record_is_anchor(record, 0, now))
        return OT_OK;
    ot_repeats_note(work->serials, index,
                    31 * ot_span_hash(field[OT_FIELD_ISSUER]) +
                        ot_span_hash(field[OT_FIELD_SERIAL]));
    if ((record->flags & OT_RECORD_NO_KEY_ID) != 0 &&
        has_rival(report, record, OT_INDEX_SUBJECT, field[OT_FIELD_SUBJECT],
                  OT_SPAN_ABSENT, OT_FIELD_SPKI, now))
        status = note_attention(report, OT_ATTENTION_SAME_NAME, index, err);
    if (status == OT_OK && field[OT_FIELD_KEY_ID].len > OT_KEY_ID_READ_MAX)
        status = note_attention(report, OT_ATTENTION_LONG_KEY_ID, index, err);
    return status;
}

/* Those that share issuer and serial with another, when all anchors have been noted: a
 * question to the index for each certificate would be a fifth of the whole report. */
static enum ot_status look_at_serials(const struct report_work *work,
                                      struct ot_error *err)
{
    struct ot_source_report *report = work->report;
    enum ot_status status = OT_OK;

    ot_repeats_find(work->serials);
    for (uint32_t i = 0; status == OT_OK && i < report->all.count; i++) {
        struct ot_record record;

        if (!ot_repeats_has(work->serials, i))
            continue;
        status = ot_snapshot_record(report->snapshot, &report->all, i, &record, err);
        if (status == OT_OK &&
            has_rival(report, &record, OT_INDEX_SERIAL, record.field[OT_FIELD_ISSUER],
                      record.field[OT_FIELD_SERIAL], OT_FIELD_DER, work->now))
            status = note_attention(report, OT_ATTENTION_SAME_SERIAL, i, err);
    }
    return status;
}

static enum ot_status look_at_dates(struct ot_source_report *report, uint32_t index,
                                    const struct ot_record *record, int64_t now,
                                    struct ot_error *err)
{
    if (record->expires_at < now)
        return note_attention(report, OT_ATTENTION_EXPIRED, index, err);
    if (record->valid_at > now)
        return note_attention(report, OT_ATTENTION_FUTURE, index, err);
    if (record->expires_at - now < report->soon_s)
        return note_attention(report, OT_ATTENTION_EXPIRING, index, err);
    return OT_OK;
}

static enum ot_status note_record(const struct report_work *work, uint32_t index,
                                  struct ot_error *err)
{
    struct ot_source_report *report = work->report;
    struct ot_record record;
    enum ot_status status =
        ot_snapshot_record_verified(report->snapshot, &report->all, index, &record, err);

    if (status != OT_OK)
        return status;
    if ((record.flags & OT_RECORD_QUARANTINED) != 0)
        return note_attention(report, OT_ATTENTION_QUARANTINED, index, err);
    if ((record.flags & OT_RECORD_WARNING) != 0)
        status = note_attention(report, OT_ATTENTION_WARNING, index, err);
    /* What is to be believed by nobody need be of no use. */
    if (status != OT_OK || (record.flags & OT_RECORD_ACTIVE) == 0 ||
        ot_source_distrusts(report->source))
        return status;
    (void)ot_distrust_mark(report->distrust, &record, report->source->purposes);
    report->limited += record.field[OT_FIELD_ORIGINAL].data != NULL;
    if (ot_record_is_withheld(&record))
        status = note_attention(report, OT_ATTENTION_WITHHELD, index, err);
    else if ((record.flags & OT_RECORD_CA) == 0)
        status = note_attention(report, OT_ATTENTION_NOT_CA, index, err);
    if (status == OT_OK)
        status = look_at_identity(work, index, &record, err);
    return status == OT_OK ? look_at_dates(report, index, &record, work->now, err)
                           : status;
}

/* Of a snapshot of which every byte has been verified. */
static enum ot_status look_at_each(struct ot_source_report *report, int64_t now,
                                   struct ot_error *err)
{
    struct ot_repeats serials = {0};
    const struct report_work work = {report, &serials, now};
    enum ot_status status = ot_snapshot_all(report->snapshot, &report->all, err);

    if (status == OT_OK)
        status = ot_repeats_init(&serials, report->all.count, err);
    for (uint32_t i = 0; status == OT_OK && i < report->all.count; i++)
        status = note_record(&work, i, err);
    if (status == OT_OK)
        status = look_at_serials(&work, err);
    ot_repeats_clear(&serials);
    return status;
}

static enum ot_status look_at_all(struct ot_source_report *report, bool is_brief,
                                  int64_t now, struct ot_error *err)
{
    const struct ot_snapshot_info *info = ot_snapshot_info(report->snapshot);
    enum ot_status status;

    report->total = info->total;
    report->active = info->active;
    report->quarantined = info->quarantined;
    report->withheld = info->withheld;
    /* Every byte, not only what the list below happens to touch. */
    status = ot_snapshot_check_sum(report->snapshot, err);
    if (status == OT_OK && !is_brief)
        status = look_at_each(report, now, err);
    report->inactive = report->total - report->active - report->quarantined;
    return status;
}

static enum ot_status look_at_snapshot(struct ot_source_report *report, bool is_brief,
                                       int64_t now, struct ot_error *err)
{
    char path[PATH_MAX];
    int64_t seen_at = 0;
    enum ot_status status = ot_source_path(path, report->source, OT_SOURCE_SNAPSHOT, err);

    if (status == OT_OK)
        status = open_reported_snapshot(report, path, &seen_at, err);
    if (status == OT_E_NO_SNAPSHOT)
        return ot_error_set(err, status,
                            "%s is not there yet; run 'orgtrust sync --source %s'", path,
                            report->source->name);
    if (status == OT_E_SCOPE)
        return ot_error_set(err, status, "%s; run 'orgtrust sync --source %s'",
                            err->message, report->source->name);
    if (status != OT_OK)
        return status;
    report->freshness = ot_freshness_of(report->source, seen_at, now);
    status = look_at_all(report, is_brief, now, err);
    if (status != OT_OK)
        return status;
    report->has_snapshot = true;
    if (report->freshness.expired)
        return ot_error_set(
            err, OT_E_EXPIRED,
            "the snapshot is older than max_stale and no longer used; run "
            "'orgtrust sync --source %s'",
            report->source->name);
    return OT_OK;
}

static int64_t next_refresh(const struct ot_source_report *report, int64_t now)
{
    if (ot_state_holds_back(&report->state, now))
        return report->state.retry_at;
    if (!report->has_snapshot || report->freshness.stale)
        return now;
    return report->freshness.seen_at + report->source->refresh_interval_s;
}

/* Into a report that has its source, and what the rest is to be told by. */
static enum ot_status fill_report(struct ot_source_report *report, bool is_brief,
                                  int64_t now, struct ot_error *err)
{
    ot_state_of(&report->state, report->source, &report->state_problem);
    look_at_snapshot(report, is_brief, now, &report->problem);
    if (report->problem.status == OT_E_NOMEM || report->problem.status == OT_E_INTERNAL) {
        *err = report->problem;
        return err->status;
    }
    if (report->problem.status != OT_OK)
        report->word = word_of(report->problem.status);
    else
        report->word = report->freshness.stale ? "stale" : "fresh";
    report->next_refresh = next_refresh(report, now);
    return OT_OK;
}

enum ot_status ot_source_report_make(struct ot_source_report *report,
                                     const struct ot_source *source,
                                     struct ot_distrust *distrust, int64_t now,
                                     int64_t soon_s, struct ot_error *err)
{
    *report = (struct ot_source_report){
        .source = source,
        .soon_s = soon_s,
        .distrust = ot_source_distrusts(source) ? NULL : distrust,
    };
    return fill_report(report, false, now, err);
}

enum ot_status ot_source_report_make_brief(struct ot_source_report *report,
                                           const struct ot_source *source, int64_t now,
                                           struct ot_error *err)
{
    *report = (struct ot_source_report){.source = source};
    return fill_report(report, true, now, err);
}

void ot_source_report_clear(struct ot_source_report *report)
{
    for (size_t i = 0; i < OT_ATTENTION_COUNT; i++)
        free(report->attention[i].index);
    ot_snapshot_unref(report->snapshot);
    memset(report, 0, sizeof(*report));
}

enum ot_status ot_source_report_record(const struct ot_source_report *report,
                                       enum ot_attention attention, size_t i,
                                       struct ot_record *record, struct ot_error *err)
{
    enum ot_status status =
        ot_snapshot_record(report->snapshot, &report->all,
                           report->attention[attention].index[i], record, err);

    if (status == OT_OK)
        (void)ot_distrust_mark(report->distrust, record, report->source->purposes);
    return status;
}
