/* What a sync makes of a listing and the last snapshot: a record for each certificate,
 * and what has changed. Spans point into the listing, the old snapshot and the plan
 * itself, which all have to live until the records are written. */
#ifndef OT_FETCH_SYNC_PLAN_H
#define OT_FETCH_SYNC_PLAN_H

#include "cache/snapshot.h"
#include "fetch/cert.h"
#include "fetch/sync_list.h"

struct ot_plan_entry {
    const struct ot_api_cert *item;
    struct ot_cert *cert; /* of content that was fetched now */
    char *note;
    bool is_known;   /* the old snapshot has it: no content is needed */
    bool is_changed; /* … under another name, state or with another remark */
    bool is_missing; /* 404 when its content was asked for */
};

struct ot_plan {
    struct ot_plan_entry *entries; /* one a listed certificate */
    struct ot_record *records;     /* the same order; after ot_plan_finish what is kept */
    size_t count;
    struct ot_snapshot *old; /* NULL: there is none */
};

/* old may be NULL. Both must outlive the plan. */
enum ot_status ot_plan_init(struct ot_plan *plan, const struct ot_listing *listing,
                            struct ot_snapshot *old, struct ot_error *err);
void ot_plan_clear(struct ot_plan *plan);

/* Judges the content of an entry (text may hold anything): a certificate, or quarantined
 * with the reason. Fails only when memory or OpenSSL does. Touches nothing but this entry
 * and its record, so that threads may judge different ones at once. */
enum ot_status ot_plan_accept(struct ot_plan *plan, size_t i, const char *text,
                              struct ot_error *err);

/* After the last content: takes entries out that are missing, notes the warnings, counts
 * into result. */
enum ot_status ot_plan_finish(struct ot_plan *plan, struct ot_sync_result *result,
                              struct ot_error *err);

/* The old snapshot says the same already. After ot_plan_finish. */
bool ot_plan_is_unchanged(const struct ot_plan *plan,
                          const struct ot_sync_result *result);

#endif
