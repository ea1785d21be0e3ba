/* What one search found, complete and immutable: several threads can walk through it,
 * each with a number of its own, and a fork can happen at any moment. */
#ifndef OT_PROVIDER_HITS_INTERNAL_H
#define OT_PROVIDER_HITS_INTERNAL_H

#include "snapshot/search.h"

struct ot_distrust;

struct ot_hits {
    struct ot_snapshot *snapshot;  /* a reference; NULL where there was none to search */
    struct ot_positions positions; /* of the records that match, in the search's order */
    struct ot_error error;         /* why there are none, or not all; else OT_OK */
};

/* Searches all of the snapshot, without what distrust (NULL: nobody) says no to for
 * all of these purposes (enum ot_purpose). Damaged records are passed over, and the first
 * of them is described in hits->error. NULL: out of memory. */
struct ot_hits *ot_hits_find(struct ot_snapshot *snapshot, const struct ot_query *query,
                             struct ot_distrust *distrust, unsigned purposes);

/* No hit, because of err (NULL: because nothing can match). NULL: out of memory. */
struct ot_hits *ot_hits_none(const struct ot_error *err);

/* The i-th hit; its spans live as long as hits. */
enum ot_status ot_hits_record(const struct ot_hits *hits, uint32_t i,
                              struct ot_record *record, struct ot_error *err);

void ot_hits_free(struct ot_hits *hits); /* NULL is fine */

#endif
