#include "export/anchors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/hex.h"
#include "cache/cache.h"
#include "cache/distrust.h"
#include "cert/cert.h"
#include "config/source.h"
#include "snapshot/record.h"
#include "snapshot/snapshot.h"

static enum ot_status add_one(struct ot_anchors *anchors, const struct ot_record *record,
                              struct ot_error *err)
{
    struct ot_span id = ot_record_digest(record, OT_DIGEST_SHA2_256);
    struct ot_anchor *anchor;

    if (anchors->count == anchors->capacity) {
        size_t capacity = anchors->capacity > 0 ? anchors->capacity * 2 : 64;
        struct ot_anchor *grown = reallocarray(anchors->items, capacity, sizeof(*grown));

        if (grown == NULL)
            return ot_error_nomem(err);
        anchors->items = grown;
        anchors->capacity = capacity;
    }
    anchor = &anchors->items[anchors->count++];
    *anchor = (struct ot_anchor){
        .der = record->field[OT_FIELD_DER],
        .subject = record->field[OT_FIELD_SUBJECT],
        .valid_at = record->valid_at,
        .created_at = record->created_at,
    };
    memcpy(anchor->id, id.data, OT_ANCHOR_ID_LEN);
    return OT_OK;
}

static bool passes_filter(const struct ot_record *record,
                          const struct ot_anchor_filter *filter)
{
    if (filter == NULL)
        return true;
    if (filter->id != NULL &&
        !ot_span_equal(record->field[OT_FIELD_ID], ot_span_str(filter->id)))
        return false;
    return filter->name == NULL || ot_record_is_called(record, ot_span_str(filter->name));
}

static enum ot_status hold_snapshot(struct ot_anchors *anchors,
                                    struct ot_snapshot *snapshot, struct ot_error *err)
{
    struct ot_snapshot **grown = reallocarray(
        anchors->snapshots, anchors->snapshot_count + 1, sizeof(struct ot_snapshot *));

    if (grown == NULL)
        return ot_error_nomem(err);
    anchors->snapshots = grown;
    grown[anchors->snapshot_count++] = ot_snapshot_ref(snapshot);
    return OT_OK;
}

/* As of Unix time now, in a place; 0: whatever the place. */
static bool counts_as_anchor(const struct ot_anchors *anchors,
                             const struct ot_record *record, uint32_t place, int64_t now)
{
    return anchors->every_active ? (record->flags & place) == 0
                                 : ot_record_is_anchor(record, place, now);
}

static bool is_kept_out_on_purpose(const struct ot_snapshot *snapshot,
                                   const struct ot_record *record, unsigned denied,
                                   uint32_t place, int64_t now)
{
    bool has_ended =
        record->field[OT_FIELD_ORIGINAL].data != NULL && now > record->expires_at;

    if (denied != 0 && (record->flags & place) != 0)
        return true;
    return ot_snapshot_info(snapshot)->limits != 0 &&
           ((record->flags & place) != 0 || has_ended);
}

enum ot_status ot_anchors_add(struct ot_anchors *anchors, struct ot_snapshot *snapshot,
                              unsigned purposes, const struct ot_anchor_filter *filter,
                              int64_t now, struct ot_error *err)
{
    uint32_t place = anchors->place != 0 ? anchors->place : OT_RECORD_WITHHELD_FILES;
    struct ot_positions all;
    enum ot_status status = hold_snapshot(anchors, snapshot, err);

    if (status == OT_OK)
        status = ot_snapshot_all(snapshot, &all, err);
    for (uint32_t i = 0; status == OT_OK && i < all.count; i++) {
        struct ot_record record;
        unsigned denied;

        status = ot_snapshot_record(snapshot, &all, i, &record, err);
        if (status != OT_OK)
            break;
        if ((record.flags & OT_RECORD_QUARANTINED) != 0 ||
            (record.flags & OT_RECORD_ACTIVE) == 0)
            continue;
        denied = ot_distrust_mark(anchors->distrust, &record, purposes);
        anchors->active++;
        anchors->kept_out_on_purpose +=
            is_kept_out_on_purpose(snapshot, &record, denied, place, now);
        if (!counts_as_anchor(anchors, &record, 0, now) ||
            !passes_filter(&record, filter))
            continue;
        if (counts_as_anchor(anchors, &record, place, now))
            status = add_one(anchors, &record, err);
        else
            anchors->withheld++;
    }
    return status;
}

enum ot_status ot_anchors_add_source(struct ot_anchors *anchors,
                                     const struct ot_source *source, struct ot_error *err)
{
    struct ot_snapshot *snapshot = NULL;
    struct ot_cache *cache = NULL;
    enum ot_status status = ot_cache_new(&cache, source, err);

    if (status == OT_OK)
        status = ot_cache_get(cache, 0, &snapshot, err);
    if (status == OT_OK && !ot_source_distrusts(source))
        status =
            ot_anchors_add(anchors, snapshot, source->purposes, NULL, time(NULL), err);
    ot_snapshot_unref(snapshot);
    ot_cache_free(cache);
    return status;
}

static enum ot_status add_distrusted(void *arg, struct ot_snapshot *snapshot,
                                     const struct ot_record *record, struct ot_error *err)
{
    struct ot_anchors *anchors = arg;
    enum ot_status status = OT_OK;

    if (!ot_record_is_tellable(record))
        return OT_OK;
    if (anchors->snapshot_count == 0 ||
        anchors->snapshots[anchors->snapshot_count - 1] != snapshot)
        status = hold_snapshot(anchors, snapshot, err);
    return status == OT_OK ? add_one(anchors, record, err) : status;
}

enum ot_status ot_anchors_add_distrusted(struct ot_anchors *anchors,
                                         struct ot_distrust *distrust,
                                         struct ot_error *err)
{
    return ot_distrust_each(distrust, OT_PURPOSE_SERVER, add_distrusted, anchors, err);
}

static enum ot_status own_cert(struct ot_anchors *anchors, struct ot_cert *cert,
                               struct ot_error *err)
{
    struct ot_cert **grown =
        reallocarray(anchors->certs, anchors->cert_count + 1, sizeof(struct ot_cert *));

    if (grown == NULL) {
        ot_cert_free(cert);
        return ot_error_nomem(err);
    }
    anchors->certs = grown;
    grown[anchors->cert_count++] = cert;
    return OT_OK;
}

enum ot_status ot_anchors_add_der(struct ot_anchors *anchors, const uint8_t *der,
                                  size_t len, struct ot_error *err)
{
    struct ot_record record = {.flags = 0};
    struct ot_error why = OT_ERROR_INIT;
    struct ot_cert *cert = NULL;
    enum ot_status status;

    if (ot_cert_parse(&cert, der, len, &why) != OT_OK)
        return why.status == OT_E_NOMEM ? ot_error_nomem(err) : OT_OK;
    ot_cert_fill(cert, &record);
    status = own_cert(anchors, cert, err);
    if (status != OT_OK ||
        ot_distrust_source(anchors->distrust, &record, OT_PURPOSE_SERVER) != NULL)
        return status;
    return add_one(anchors, &record, err);
}

static int compare_anchors(const void *a, const void *b)
{
    const struct ot_anchor *x = a, *y = b;
    int order = (x->valid_at < y->valid_at) - (x->valid_at > y->valid_at);

    if (order == 0)
        order = memcmp(x->id, y->id, OT_ANCHOR_ID_LEN);
    return order != 0 ? order
                      : (x->created_at > y->created_at) - (x->created_at < y->created_at);
}

void ot_anchors_sort(struct ot_anchors *anchors)
{
    size_t kept = 0;

    if (anchors->count == 0)
        return;
    qsort(anchors->items, anchors->count, sizeof(*anchors->items), compare_anchors);
    for (size_t i = 1; i < anchors->count; i++)
        if (memcmp(anchors->items[i].id, anchors->items[kept].id, OT_ANCHOR_ID_LEN) != 0)
            anchors->items[++kept] = anchors->items[i];
    anchors->count = kept + 1;
}

void ot_anchor_name(char buf[OT_ANCHOR_NAME_LEN + 1], const struct ot_anchor *anchor)
{
    ot_hex_write(buf, anchor->id, OT_ANCHOR_NAME_LEN / 2);
}

void ot_anchors_clear(struct ot_anchors *anchors)
{
    for (size_t i = 0; i < anchors->snapshot_count; i++)
        ot_snapshot_unref(anchors->snapshots[i]);
    for (size_t i = 0; i < anchors->cert_count; i++)
        ot_cert_free(anchors->certs[i]);
    free(anchors->snapshots);
    free(anchors->certs);
    free(anchors->items);
    *anchors = (struct ot_anchors){0};
}
