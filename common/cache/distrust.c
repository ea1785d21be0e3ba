#include "cache/distrust.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/span.h"
#include "cache/cache.h"
#include "config/config.h"
#include "config/purpose.h"
#include "config/source.h"
#include "snapshot/record.h"
#include "snapshot/snapshot.h"
#include "snapshot/twin.h"

#define REASON_MAX                                                                       \
    (OT_SOURCE_NAME_MAX + OT_PURPOSES_TEXT_MAX +                                         \
     sizeof("the source '' distrusts its name and key"))

struct no {
    struct ot_cache *cache;
    char reason[REASON_MAX];
};

_Static_assert(OT_PURPOSE_SERVER << OT_RECORD_DENIED_SHIFT == OT_RECORD_DENIED_SERVERS &&
                   OT_PURPOSES_ALL << OT_RECORD_DENIED_SHIFT == OT_RECORD_DENIED,
               "the same bits");

struct ot_distrust {
    size_t count;
    struct no nos[];
};

static enum ot_status add_no(struct ot_distrust *distrust, const struct ot_source *source,
                             struct ot_error *err)
{
    struct no *no = &distrust->nos[distrust->count];
    char words[OT_PURPOSES_TEXT_MAX];
    enum ot_status status = ot_cache_new(&no->cache, source, err);

    if (status != OT_OK)
        return status;
    snprintf(no->reason, sizeof(no->reason),
             "the source '%s' distrusts its name and key%s", source->name,
             ot_purposes_denied_text(words, source->purposes));
    distrust->count++;
    return OT_OK;
}

enum ot_status ot_distrust_new(struct ot_distrust **out, const struct ot_config *config,
                               struct ot_error *err)
{
    size_t all = ot_config_count(config), room = 0;
    enum ot_status status = OT_OK;

    *out = NULL;
    for (size_t i = 0; i < all; i++)
        room += ot_source_distrusts(ot_config_at(config, i));
    if (room == 0)
        return OT_OK;
    *out = calloc(1, sizeof(**out) + room * sizeof((*out)->nos[0]));
    if (*out == NULL)
        return ot_error_nomem(err);
    for (size_t i = 0; status == OT_OK && i < all; i++)
        if (ot_source_distrusts(ot_config_at(config, i)))
            status = add_no(*out, ot_config_at(config, i), err);
    if (status == OT_OK)
        return OT_OK;
    ot_distrust_free(*out);
    *out = NULL;
    return status;
}

void ot_distrust_free(struct ot_distrust *distrust)
{
    if (distrust == NULL)
        return;
    for (size_t i = 0; i < distrust->count; i++)
        ot_cache_free(distrust->nos[i].cache);
    free(distrust);
}

void ot_distrust_look(struct ot_distrust *distrust, unsigned flags)
{
    struct ot_snapshot *snapshot;

    for (size_t i = 0; distrust != NULL && i < distrust->count; i++)
        if (ot_cache_get(distrust->nos[i].cache, flags, &snapshot, NULL) == OT_OK)
            ot_snapshot_unref(snapshot);
}

unsigned ot_distrust_changes(const struct ot_distrust *distrust)
{
    unsigned changes = 0;

    for (size_t i = 0; distrust != NULL && i < distrust->count; i++)
        changes += ot_cache_changes(distrust->nos[i].cache);
    return changes;
}

bool ot_distrust_is_known(struct ot_distrust *distrust)
{
    bool known = true;

    for (size_t i = 0; distrust != NULL && i < distrust->count; i++) {
        struct ot_snapshot *snapshot = ot_cache_known(distrust->nos[i].cache);

        known = known && snapshot != NULL;
        ot_snapshot_unref(snapshot);
    }
    return known;
}

/* Whether the snapshot has an active certificate of this name and key. What is damaged
 * there, is there. */
static bool says_no(struct ot_snapshot *snapshot, const struct ot_record *record)
{
    struct ot_positions same;
    struct ot_record other;

    if (ot_twins_find(snapshot, record, &same, NULL) != OT_OK)
        return true;
    for (uint32_t i = 0; i < same.count; i++) {
        if (ot_snapshot_record(snapshot, &same, i, &other, NULL) != OT_OK)
            return true;
        if ((other.flags & OT_RECORD_ACTIVE) != 0 && ot_record_is_twin(&other, record))
            return true;
    }
    return false;
}

static unsigned sum_nos(struct ot_distrust *distrust, const struct ot_record *record,
                        const struct no **first)
{
    unsigned denied = 0;

    *first = NULL;
    if (distrust == NULL || record->field[OT_FIELD_SPKI].data == NULL)
        return 0;
    for (size_t i = 0; i < distrust->count; i++) {
        const struct no *no = &distrust->nos[i];
        struct ot_snapshot *snapshot = ot_cache_known(no->cache);
        bool found = snapshot != NULL && says_no(snapshot, record);

        ot_snapshot_unref(snapshot);
        if (!found)
            continue;
        denied |= ot_cache_source(no->cache)->purposes;
        if (*first == NULL)
            *first = no;
    }
    return denied;
}

bool ot_distrust_is_partial(const struct ot_distrust *distrust)
{
    for (size_t i = 0; distrust != NULL && i < distrust->count; i++)
        if (ot_cache_source(distrust->nos[i].cache)->purposes != OT_PURPOSES_ALL)
            return true;
    return false;
}

unsigned ot_distrust_purposes(struct ot_distrust *distrust,
                              const struct ot_record *record, const struct ot_source **by)
{
    const struct no *first;
    unsigned denied = sum_nos(distrust, record, &first);

    if (by != NULL)
        *by = first != NULL ? ot_cache_source(first->cache) : NULL;
    return denied;
}

const struct ot_source *ot_distrust_source(struct ot_distrust *distrust,
                                           const struct ot_record *record,
                                           unsigned purposes)
{
    const struct ot_source *by;
    unsigned denied = ot_distrust_purposes(distrust, record, &by);

    return (purposes & ~denied) == 0 ? by : NULL;
}

static enum ot_status walk_distrusted(
    struct ot_snapshot *snapshot,
    enum ot_status (*func)(void *arg, struct ot_snapshot *snapshot,
                           const struct ot_record *record, struct ot_error *err),
    void *arg, struct ot_error *err)
{
    struct ot_positions all;
    enum ot_status status = ot_snapshot_all(snapshot, &all, err);

    for (uint32_t i = 0; status == OT_OK && i < all.count; i++) {
        struct ot_record record;

        status = ot_snapshot_record(snapshot, &all, i, &record, err);
        if (status == OT_OK &&
            (record.flags & (OT_RECORD_ACTIVE | OT_RECORD_QUARANTINED)) ==
                OT_RECORD_ACTIVE)
            status = func(arg, snapshot, &record, err);
    }
    return status;
}

enum ot_status ot_distrust_each(struct ot_distrust *distrust, unsigned purposes,
                                enum ot_status (*func)(void *arg,
                                                       struct ot_snapshot *snapshot,
                                                       const struct ot_record *record,
                                                       struct ot_error *err),
                                void *arg, struct ot_error *err)
{
    enum ot_status status = OT_OK;

    for (size_t i = 0; distrust != NULL && status == OT_OK && i < distrust->count; i++) {
        struct ot_cache *cache = distrust->nos[i].cache;
        struct ot_snapshot *snapshot = ot_cache_known(cache);

        if (snapshot != NULL && (purposes & ~ot_cache_source(cache)->purposes) == 0)
            status = walk_distrusted(snapshot, func, arg, err);
        ot_snapshot_unref(snapshot);
    }
    return status;
}

unsigned ot_distrust_mark(struct ot_distrust *distrust, struct ot_record *record,
                          unsigned purposes)
{
    const struct no *first;
    unsigned denied = sum_nos(distrust, record, &first) & purposes;
    uint32_t places = 0;

    if (denied == 0)
        return 0;
    if (denied == purposes)
        places = OT_RECORD_WITHHELD | OT_RECORD_DISTRUSTED;
    else if ((denied & OT_PURPOSES_TLS) != 0)
        places = OT_RECORD_WITHHELD_FILES;
    if ((denied & OT_PURPOSE_SERVER) != 0)
        places |= OT_RECORD_WITHHELD_JAVA;
    record->flags |= places | denied << OT_RECORD_DENIED_SHIFT;
    if (places != 0)
        record->field[OT_FIELD_WITHHELD] = ot_span_str(first->reason);
    return denied;
}
