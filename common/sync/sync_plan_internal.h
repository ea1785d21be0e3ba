/* What a sync makes of a listing, its contents and the last snapshot: a record for each
 * certificate, and what has changed. Spans point into these and the plan itself, which
 * all have to live until the records are written. */
#ifndef OT_SYNC_SYNC_PLAN_INTERNAL_H
#define OT_SYNC_SYNC_PLAN_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct ot_api_cert;
struct ot_cert;
struct ot_content;
struct ot_crawl;
struct ot_limited;
struct ot_limits;
struct ot_record;
struct ot_snapshot;
struct ot_sync_result;

struct ot_plan_entry {
    const struct ot_api_cert *item;
    const struct ot_content *content; /* fetched now; NULL: the old snapshot has it */
    char *note, *withheld;            /* texts of the record that are made here */
    struct ot_cert *cert;             /* read again from the old snapshot; else NULL */
    struct ot_limited *limited;       /* the same under the limits of now */
    bool is_known;   /* the old snapshot has it, whether it was fetched again or not */
    bool is_changed; /* the old snapshot has another name, state or remark */
};

struct ot_plan {
    bool inherits; /* records say in which of two scopes they are active */
    struct ot_plan_entry *entries; /* one a listed certificate */
    struct ot_record *records;     /* the same order; after ot_plan_finish what is kept */
    size_t count;
    struct ot_snapshot *old;        /* NULL: there is none */
    const struct ot_limits *limits; /* NULL: there are none */
    bool is_limited_alike;          /* the old snapshot was written under the same */
};

/* old (may be NULL) is what the crawl was given, as are limits, of which tag is the
 * number (ot_source_limits). All must outlive the plan. */
enum ot_status ot_plan_init(struct ot_plan *plan, const struct ot_crawl *crawl,
                            struct ot_snapshot *old, const struct ot_limits *limits,
                            uint64_t tag, struct ot_error *err);
void ot_plan_clear(struct ot_plan *plan);

/* Takes entries out that are missing, notes the warnings, counts into result. */
enum ot_status ot_plan_finish(struct ot_plan *plan, struct ot_sync_result *result,
                              struct ot_error *err);

/* The old snapshot says the same already. After ot_plan_finish. */
bool ot_plan_is_unchanged(const struct ot_plan *plan,
                          const struct ot_sync_result *result);

#endif
