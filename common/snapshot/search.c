#include "snapshot/search.h"

#include <stdlib.h>
#include <string.h>

#include "snapshot/name.h"

/* A number without leading zeros. */
static struct ot_span magnitude_of(struct ot_span number)
{
    while (number.len > 0 && number.data[0] == 0) {
        number.data++;
        number.len--;
    }
    return number;
}

/* Of what is handed out, or of the original, by which people know it. */
static bool has_digest(const struct ot_record *record, enum ot_digest digest,
                       struct ot_span fingerprint)
{
    return ot_span_equal(ot_record_digest(record, digest), fingerprint) ||
           ot_span_equal(ot_record_original_digest(record, digest), fingerprint);
}

/* What stands where one was not computed, and is no certificate's. */
static bool is_zeros(struct ot_span fingerprint)
{
    for (size_t i = 0; i < fingerprint.len; i++)
        if (fingerprint.data[i] != 0)
            return false;
    return true;
}

static bool has_fingerprint(const struct ot_record *record, const struct ot_query *query)
{
    int digest;

    if (is_zeros(query->fingerprint))
        return false;
    if (query->digest != OT_DIGEST_COUNT)
        return has_digest(record, query->digest, query->fingerprint);
    for (digest = 0; digest < OT_DIGEST_COUNT; digest++)
        if (has_digest(record, (enum ot_digest)digest, query->fingerprint))
            return true;
    return false;
}

static bool has_state(const struct ot_record *record, enum ot_state_filter state)
{
    if (record->flags & (OT_RECORD_QUARANTINED | OT_RECORD_WITHHELD_OPENSSL))
        return false;
    if (state == OT_STATE_ALL)
        return true;
    return (state == OT_STATE_ACTIVE) == ((record->flags & OT_RECORD_ACTIVE) != 0);
}

static bool has_alias(const struct ot_record *record, struct ot_span alias)
{
    return ot_span_equal(record->field[OT_FIELD_NAME], alias) ||
           ot_span_equal(record->field[OT_FIELD_LABEL], alias) ||
           ot_span_equal(record->field[OT_FIELD_ID], alias);
}

static bool matches_query(const struct ot_search *search, const struct ot_record *record)
{
    const struct ot_query *query = &search->query;
    const struct ot_span *field = record->field;

    return has_state(record, query->state) &&
           (query->id.data == NULL || ot_span_equal(field[OT_FIELD_ID], query->id)) &&
           (query->name.data == NULL ||
            ot_span_equal(field[OT_FIELD_NAME], query->name)) &&
           (query->alias.data == NULL || has_alias(record, query->alias)) &&
           (query->serial.data == NULL ||
            ot_span_equal(field[OT_FIELD_SERIAL_MAGNITUDE], query->serial)) &&
           (query->fingerprint.data == NULL || has_fingerprint(record, query)) &&
           (search->subject.data == NULL ||
            ot_span_equal(field[OT_FIELD_SUBJECT_CANON], search->subject)) &&
           (search->issuer.data == NULL ||
            ot_span_equal(field[OT_FIELD_ISSUER_CANON], search->issuer));
}

/* An id, a name and a label may be the same text for different certificates: up to three
 * lists; a record that an earlier list holds is passed over in a later one. */
static enum ot_status find_alias(struct ot_search *search, struct ot_error *err)
{
    static const enum ot_index indexes[OT_CANDIDATE_LISTS] = {OT_INDEX_ID, OT_INDEX_NAME,
                                                              OT_INDEX_LABEL};
    enum ot_status status = OT_OK;

    for (int i = 0; i < OT_CANDIDATE_LISTS && status == OT_OK; i++)
        status =
            ot_snapshot_find(search->candidates.snapshot, indexes[i], search->query.alias,
                             OT_SPAN_ABSENT, &search->candidates.list[i], err);
    return status;
}

/* The index of a digest that has one; 0 for the others, which need a look at every
 * record. */
static int digest_index(const struct ot_query *query)
{
    enum ot_digest digest = query->digest;

    if (digest == OT_DIGEST_SHA1)
        return OT_INDEX_SHA1;
    return digest == OT_DIGEST_SHA2_256 ? OT_INDEX_SHA2_256 : 0;
}

/* Candidates from the most selective index that the query allows. */
static enum ot_status find_candidates(struct ot_search *search, struct ot_error *err)
{
    const struct ot_query *query = &search->query;
    struct ot_snapshot *snapshot = search->candidates.snapshot;
    struct ot_positions *list = &search->candidates.list[0];

    if (query->id.data != NULL)
        return ot_snapshot_find(snapshot, OT_INDEX_ID, query->id, OT_SPAN_ABSENT, list,
                                err);
    if (query->fingerprint.data != NULL && digest_index(query) != 0)
        return ot_snapshot_find(snapshot, (enum ot_index)digest_index(query),
                                query->fingerprint, OT_SPAN_ABSENT, list, err);
    if (search->issuer.data != NULL && query->serial.data != NULL)
        return ot_snapshot_find(snapshot, OT_INDEX_SERIAL_CANON, search->issuer,
                                query->serial, list, err);
    if (search->subject.data != NULL)
        return ot_snapshot_find(snapshot, OT_INDEX_SUBJECT_CANON, search->subject,
                                OT_SPAN_ABSENT, list, err);
    if (query->name.data != NULL)
        return ot_snapshot_find(snapshot, OT_INDEX_NAME, query->name, OT_SPAN_ABSENT,
                                list, err);
    if (query->alias.data != NULL)
        return find_alias(search, err);
    return ot_snapshot_all(snapshot, list, err);
}

static enum ot_status canonicalise_name(struct ot_span *canon, struct ot_span name,
                                        const char *what, struct ot_error *err)
{
    if (name.data == NULL)
        return OT_OK;
    canon->data = ot_name_canon(name.data, name.len, &canon->len);
    if (canon->data == NULL)
        return ot_error_set(err, OT_E_USAGE,
                            "the %s to search for is not a distinguished name in DER",
                            what);
    return OT_OK;
}

enum ot_status ot_search_init(struct ot_search *search, struct ot_snapshot *snapshot,
                              const struct ot_query *query, int64_t now,
                              struct ot_error *err)
{
    enum ot_status status;

    memset(search, 0, sizeof(*search));
    search->candidates.snapshot = ot_snapshot_ref(snapshot);
    search->query = *query;
    if (query->serial.data != NULL)
        search->query.serial = magnitude_of(query->serial);
    search->candidates.now = now;
    status = canonicalise_name(&search->subject, query->subject, "subject", err);
    if (status == OT_OK)
        status = canonicalise_name(&search->issuer, query->issuer, "issuer", err);
    if (status == OT_OK)
        status = find_candidates(search, err);
    if (status != OT_OK)
        ot_search_clear(search);
    return status;
}

enum ot_status ot_search_next(struct ot_search *search, struct ot_record *record,
                              uint32_t *position, struct ot_error *err)
{
    enum ot_status status;

    do
        status = ot_candidates_next(&search->candidates, record, position, err);
    while (status == OT_OK && !matches_query(search, record));
    return status;
}

void ot_search_clear(struct ot_search *search)
{
    free((void *)(uintptr_t)search->subject.data);
    free((void *)(uintptr_t)search->issuer.data);
    ot_snapshot_unref(search->candidates.snapshot);
    memset(search, 0, sizeof(*search));
}
