#include "hits_internal.h"

#include <stdlib.h>
#include <time.h>

#include "base/bytes.h"
#include "cache/distrust.h"

/* A position in a list, as snapshot.h has it. */
#define POSITION_LEN 4u

/* A subject rarely has more certificates than this; enumerations grow by doubling. */
#define FIRST_CAPACITY 8u

struct list {
    uint8_t *bytes;
    uint32_t count, capacity;
};

static bool list_add(struct list *list, uint32_t position)
{
    uint32_t capacity = list->capacity;
    uint8_t *grown;

    if (list->count == capacity) {
        capacity = capacity == 0 ? FIRST_CAPACITY : capacity * 2;
        grown = realloc(list->bytes, (size_t)capacity * POSITION_LEN);
        if (grown == NULL)
            return false;
        list->bytes = grown;
        list->capacity = capacity;
    }
    ot_put_u32(list->bytes + (size_t)list->count * POSITION_LEN, position);
    list->count++;
    return true;
}

/* A snapshot has at most OT_CERTS_MAX records, so that the search ends and the capacity
 * does not overflow. */
static enum ot_status collect_hits(struct list *list, struct ot_search *search,
                                   struct ot_distrust *distrust, unsigned purposes,
                                   struct ot_error *first_damage)
{
    struct ot_error *err = first_damage;
    struct ot_record record;
    enum ot_status status;
    uint32_t position;

    for (;;) {
        status = ot_search_next(search, &record, &position, err);
        if (status == OT_E_NOT_FOUND)
            return OT_OK;
        if (status == OT_E_CORRUPT) {
            err = NULL;
            continue;
        }
        if (status != OT_OK)
            return status;
        if (ot_distrust_source(distrust, &record, purposes) == NULL &&
            !list_add(list, position))
            return ot_error_nomem(first_damage);
    }
}

struct ot_hits *ot_hits_none(const struct ot_error *err)
{
    struct ot_hits *hits = malloc(sizeof(*hits));

    if (hits == NULL)
        return NULL;
    hits->snapshot = NULL;
    hits->positions = (struct ot_positions){NULL, 0};
    if (err != NULL)
        hits->error = *err;
    else
        ot_error_clear(&hits->error);
    return hits;
}

struct ot_hits *ot_hits_find(struct ot_snapshot *snapshot, const struct ot_query *query,
                             struct ot_distrust *distrust, unsigned purposes)
{
    struct ot_hits *hits = ot_hits_none(NULL);
    struct list list = {NULL, 0, 0};
    struct ot_search search;

    if (hits == NULL)
        return NULL;
    hits->snapshot = ot_snapshot_ref(snapshot);
    if (ot_search_init(&search, snapshot, query, time(NULL), &hits->error) != OT_OK)
        return hits;
    /* What it says is in hits->error. */
    (void)collect_hits(&list, &search, distrust, purposes, &hits->error);
    ot_search_clear(&search);
    hits->positions = (struct ot_positions){list.bytes, list.count};
    return hits;
}

enum ot_status ot_hits_record(const struct ot_hits *hits, uint32_t i,
                              struct ot_record *record, struct ot_error *err)
{
    return ot_snapshot_record(hits->snapshot, &hits->positions, i, record, err);
}

void ot_hits_free(struct ot_hits *hits)
{
    if (hits == NULL)
        return;
    ot_snapshot_unref(hits->snapshot);
    free((void *)(uintptr_t)hits->positions.data);
    free(hits);
}
