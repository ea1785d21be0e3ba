#include "find_internal.h"

#include <stdlib.h>
#include <time.h>

#include "attribute.h"
#include "cache/cache.h"
#include "cache/distrust.h"
#include "slot.h"
#include "view.h"

/* The attributes that have an index, the most selective first. */
static const struct {
    CK_ATTRIBUTE_TYPE type;
    enum ot_index index;
} indexed[] = {
    {CKA_VALUE, OT_INDEX_DER},
    {OT_CKA_NSS_CERT_SHA1_HASH, OT_INDEX_SHA1},
    {OT_CKA_HASH_OF_CERTIFICATE, OT_INDEX_SHA2_256},
    {CKA_PUBLIC_KEY_INFO, OT_INDEX_SPKI},
    {CKA_ID, OT_INDEX_KEY_ID},
    {CKA_SUBJECT, OT_INDEX_SUBJECT},
    {CKA_LABEL, OT_INDEX_LABEL},
};

/* A certificate's value has an index, an extension's has none; which of both is meant,
 * its length has told. */
static bool is_indexed(const struct ot_template *pattern, CK_ATTRIBUTE_TYPE type)
{
    return type != CKA_VALUE || (pattern->kinds & 1u << OT_OBJECT_EXTENSION) == 0;
}

static enum ot_status find_by_template(struct ot_find *find, struct ot_error *err)
{
    const struct ot_template *pattern = &find->pattern;
    struct ot_span term = ot_template_find(pattern, CKA_UNIQUE_ID);
    struct ot_span more = OT_SPAN_ABSENT;

    if (term.data != NULL)
        return ot_snapshot_find(find->candidates.snapshot, OT_INDEX_ID,
                                ot_attribute_id_of_unique_id(term), more,
                                &find->candidates.list[0], err);
    term = ot_template_find(pattern, CKA_ISSUER);
    more = ot_template_find(pattern, CKA_SERIAL_NUMBER);
    if (term.data != NULL && more.data != NULL)
        return ot_snapshot_find(find->candidates.snapshot, OT_INDEX_SERIAL, term, more,
                                &find->candidates.list[0], err);
    more.data = NULL;
    for (size_t i = 0; i < sizeof(indexed) / sizeof(indexed[0]); i++) {
        term = ot_template_find(pattern, indexed[i].type);
        if (term.data != NULL && is_indexed(pattern, indexed[i].type))
            return ot_snapshot_find(find->candidates.snapshot, indexed[i].index, term,
                                    more, &find->candidates.list[0], err);
    }
    return ot_snapshot_all(find->candidates.snapshot, &find->candidates.list[0], err);
}

/* Where there is nothing to be looked at, nothing is found: then nobody is trusted. But
 * who asks for extensions alone has a certificate already, and would trust it for more.
 */
static CK_RV begin_with_candidates(struct ot_find *find)
{
    struct ot_error err = OT_ERROR_INIT;

    if ((find->pattern.kinds & ~(1u << OT_OBJECT_PROFILE)) == 0)
        return CKR_OK;
    if (find->candidates.snapshot != NULL) {
        if (find_by_template(find, &err) == OT_OK)
            return CKR_OK;
        ot_view_complain(find->slot->view, &err);
    }
    return find->pattern.kinds == 1u << OT_OBJECT_EXTENSION ? CKR_DEVICE_ERROR : CKR_OK;
}

/* Takes over the reference to the snapshot, also on failure. */
static CK_RV find_new(struct ot_find **out, const struct ot_slot *slot,
                      struct ot_snapshot *snapshot, const CK_ATTRIBUTE *attributes,
                      CK_ULONG count)
{
    struct ot_find *find = malloc(sizeof(*find));
    CK_RV rv = CKR_HOST_MEMORY;

    if (find != NULL)
        rv = ot_template_copy(&find->pattern, attributes, count, &slot->policy);
    if (find == NULL || rv != CKR_OK) {
        ot_snapshot_unref(snapshot);
        free(find);
        return rv;
    }
    find->slot = slot;
    /* A token for trust has none but those that are valid now. What is distrusted may
     * have a twin that is. */
    find->candidates = (struct ot_candidates){.snapshot = snapshot,
                                              .now = (int64_t)time(NULL),
                                              .valid_only = !slot->policy.is_admin &&
                                                            !slot->policy.is_distrust};
    find->is_damaged = false;
    find->pending = 0;
    rv = begin_with_candidates(find);
    if (rv != CKR_OK)
        ot_find_free(find);
    else
        *out = find;
    return rv;
}

/* What there is to search: nothing in a token that waits for a login. */
static struct ot_snapshot *current_snapshot(const struct ot_slot *slot)
{
    ot_distrust_look(slot->policy.distrust, OT_CACHE_REFRESH);
    return ot_slot_shows_objects(slot)
               ? ot_view_look(slot->view, OT_CACHE_REFRESH | OT_CACHE_WAIT)
               : NULL;
}

CK_RV ot_find_new(struct ot_find **out, const struct ot_slot *slot,
                  const CK_ATTRIBUTE *attributes, CK_ULONG count)
{
    return find_new(out, slot, current_snapshot(slot), attributes, count);
}

void ot_find_free(struct ot_find *find)
{
    if (find == NULL)
        return;
    ot_snapshot_unref(find->candidates.snapshot);
    ot_template_clear(&find->pattern);
    free(find);
}

/* Steps to the next record that the token shows; a damaged one is passed over. */
static bool next_record(struct ot_find *find)
{
    struct ot_record *record = &find->object.record;
    enum ot_status status;

    do {
        status = ot_candidates_next(&find->candidates, record, NULL, NULL);
        find->is_damaged |= status == OT_E_CORRUPT;
    } while (status == OT_E_CORRUPT ||
             (status == OT_OK &&
              !ot_token_policy_shows(&find->slot->policy, record, find->candidates.now)));
    return status == OT_OK;
}

static bool is_hit(struct ot_find *find, enum ot_object_kind kind)
{
    return ot_object_make(&find->object, kind, find->candidates.snapshot,
                          &find->object.record, &find->slot->policy,
                          find->candidates.now) &&
           ot_template_matches(&find->pattern, &find->object);
}

/* The next object that belongs to a certificate. */
static bool next_of_records(struct ot_find *find)
{
    for (;;) {
        for (int kind = 0; find->pending != 0; kind++) {
            if ((find->pending & 1u << kind) == 0)
                continue;
            find->pending &= ~(1u << kind);
            if (is_hit(find, (enum ot_object_kind)kind))
                return true;
        }
        if (!next_record(find))
            return false;
        find->pending = find->pattern.kinds & ~(1u << OT_OBJECT_PROFILE);
    }
}

bool ot_find_next(struct ot_find *find, CK_OBJECT_HANDLE *handle)
{
    const unsigned profile = 1u << OT_OBJECT_PROFILE;

    if (next_of_records(find)) {
        *handle = ot_object_handle(&find->object);
        return true;
    }
    if ((find->pattern.kinds & profile) == 0)
        return false;
    find->pattern.kinds &= ~profile;
    ot_object_make_profile(&find->object);
    if (!ot_template_matches(&find->pattern, &find->object))
        return false;
    *handle = ot_object_handle(&find->object);
    return true;
}
