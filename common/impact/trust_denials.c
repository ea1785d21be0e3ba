#include "impact/trust_denials_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "cache/cache.h"
#include "cache/distrust.h"
#include "cert/cert.h"
#include "config/config.h"
#include "config/source.h"
#include "impact/impact.h"
#include "impact/trust_changes_internal.h"
#include "snapshot/record.h"
#include "snapshot/snapshot.h"
#include "snapshot/twin.h"

/* A source that says no to servers, and its snapshot. */
struct denier {
    const struct ot_source *source;
    struct ot_cache *cache;
    struct ot_snapshot *snapshot; /* NULL: it has none */
};

/* What a change says no to. */
struct denial {
    const char *id;         /* NULL: it is not uploaded yet */
    struct ot_cert *upload; /* what that is; else NULL */
    struct ot_record record;
    bool is_known; /* the record says what it is */
};

struct ot_trust_denials {
    const struct ot_trust_changes *changes;
    struct ot_distrust *distrust; /* NULL: no source says no */
    struct denier deniers[OT_SOURCES_MAX];
    size_t count;
    struct denial *fresh;
    size_t fresh_count;
};

static enum ot_status open_denier(struct ot_trust_denials *denials,
                                  const struct ot_source *source, struct ot_error *err)
{
    struct denier *denier = &denials->deniers[denials->count];
    enum ot_status status = ot_cache_new(&denier->cache, source, err);

    if (status != OT_OK)
        return status;
    denier->source = source;
    denials->count++;
    if (ot_cache_get(denier->cache, 0, &denier->snapshot, NULL) != OT_OK)
        denier->snapshot = NULL;
    return OT_OK;
}

/* The first of an id that the snapshot has. */
static enum ot_status find_denied(struct denial *denial, struct ot_snapshot *snapshot,
                                  struct ot_error *err)
{
    const struct ot_span id = ot_span_str(denial->id);
    struct ot_positions list;
    enum ot_status status =
        ot_snapshot_find(snapshot, OT_INDEX_ID, id, OT_SPAN_ABSENT, &list, err);

    for (uint32_t i = 0; status == OT_OK && !denial->is_known && i < list.count; i++)
        denial->is_known =
            ot_snapshot_record(snapshot, &list, i, &denial->record, NULL) == OT_OK &&
            ot_span_equal(denial->record.field[OT_FIELD_ID], id) &&
            (denial->record.flags & OT_RECORD_QUARANTINED) == 0;
    return status;
}

enum ot_status ot_trust_denials_learn(struct ot_trust_denials *denials,
                                      struct ot_snapshot *snapshot, struct ot_error *err)
{
    enum ot_status status = OT_OK;

    for (size_t i = 0; status == OT_OK && i < denials->fresh_count; i++)
        if (!denials->fresh[i].is_known && denials->fresh[i].id != NULL)
            status = find_denied(&denials->fresh[i], snapshot, err);
    return status;
}

static bool denies_anew(const struct ot_trust_denials *denials,
                        const struct ot_impact_change *change)
{
    for (size_t i = 0; change->activates && i < denials->count; i++)
        if (ot_trust_change_is_seen(denials->deniers[i].source, change))
            return true;
    return false;
}

static enum ot_status list_fresh(struct ot_trust_denials *denials, struct ot_error *err)
{
    const struct ot_impact_changes *all = denials->changes->all;
    enum ot_status status = OT_OK;

    denials->fresh = calloc(all->count + 1, sizeof(*denials->fresh));
    if (denials->fresh == NULL)
        return ot_error_nomem(err);
    for (size_t i = 0; i < all->count; i++) {
        struct denial *denial = &denials->fresh[denials->fresh_count];

        if (!denies_anew(denials, &all->items[i]))
            continue;
        denials->fresh_count++;
        denial->id = all->items[i].id;
        denial->upload = ot_trust_change_upload(&all->items[i]);
        denial->is_known = denial->upload != NULL;
        if (denial->is_known)
            ot_cert_fill(denial->upload, &denial->record);
    }
    for (size_t i = 0; status == OT_OK && i < denials->count; i++)
        if (denials->deniers[i].snapshot != NULL)
            status = ot_trust_denials_learn(denials, denials->deniers[i].snapshot, err);
    return status;
}

enum ot_status ot_trust_denials_open(struct ot_trust_denials **out,
                                     const struct ot_config *config,
                                     const struct ot_trust_changes *changes,
                                     struct ot_error *err)
{
    struct ot_trust_denials *denials = calloc(1, sizeof(*denials));
    enum ot_status status = OT_OK;

    *out = denials;
    if (denials == NULL)
        return ot_error_nomem(err);
    denials->changes = changes;
    for (size_t i = 0; status == OT_OK && i < ot_config_count(config); i++) {
        const struct ot_source *source = ot_config_at(config, i);

        if (ot_source_distrusts(source) && (source->purposes & OT_PURPOSE_SERVER) != 0)
            status = open_denier(denials, source, err);
    }
    if (status == OT_OK)
        status = ot_distrust_new(&denials->distrust, config, err);
    ot_distrust_look(denials->distrust, 0);
    return status == OT_OK ? list_fresh(denials, err) : status;
}

void ot_trust_denials_close(struct ot_trust_denials *denials)
{
    if (denials == NULL)
        return;
    for (size_t i = 0; i < denials->fresh_count; i++)
        ot_cert_free(denials->fresh[i].upload);
    free(denials->fresh);
    for (size_t i = 0; i < denials->count; i++) {
        ot_snapshot_unref(denials->deniers[i].snapshot);
        ot_cache_free(denials->deniers[i].cache);
    }
    ot_distrust_free(denials->distrust);
    free(denials);
}

bool ot_trust_denials_are_new(const struct ot_trust_denials *denials)
{
    return denials->fresh_count > 0;
}

const struct ot_record *ot_trust_denial_at(const struct ot_trust_denials *denials,
                                           size_t i)
{
    return i < denials->fresh_count ? &denials->fresh[i].record : NULL;
}

bool ot_trust_denies_before(const struct ot_trust_denials *denials,
                            const struct ot_record *record)
{
    return (ot_distrust_purposes(denials->distrust, record, NULL) & OT_PURPOSE_SERVER) !=
           0;
}

/* What is damaged there, is there, as for every reader. */
static bool still_denies(const struct ot_trust_denials *denials,
                         const struct denier *denier, const struct ot_record *record)
{
    struct ot_positions same;
    struct ot_record other;

    if (ot_twins_find(denier->snapshot, record, &same, NULL) != OT_OK)
        return true;
    for (uint32_t i = 0; i < same.count; i++) {
        if (ot_snapshot_record(denier->snapshot, &same, i, &other, NULL) != OT_OK)
            return true;
        if (ot_record_is_twin(&other, record) &&
            ot_trust_changes_leave(denials->changes, denier->source, &other))
            return true;
    }
    return false;
}

bool ot_trust_denies_after(const struct ot_trust_denials *denials,
                           const struct ot_record *record)
{
    for (size_t i = 0; i < denials->fresh_count; i++)
        if (ot_record_is_twin(&denials->fresh[i].record, record))
            return true;
    if (!ot_trust_denies_before(denials, record))
        return false;
    for (size_t i = 0; i < denials->count; i++)
        if (denials->deniers[i].snapshot != NULL &&
            still_denies(denials, &denials->deniers[i], record))
            return true;
    return false;
}
