/* A listing, and content for the certificates that the last snapshot lacks, at the same
 * time: each page names the next, so that a listing is a chain of round trips, in which
 * contents have room. */
#ifndef OT_FETCH_SYNC_CRAWL_H
#define OT_FETCH_SYNC_CRAWL_H

#include "cache/snapshot.h"
#include "fetch/sync_content.h"
#include "fetch/sync_list.h"

struct ot_crawl {
    struct ot_listing listing;
    struct ot_content **contents; /* one a listed certificate; NULL: old has it */
};

/* Reads every page, and what old (may be NULL) lacks. Contents are asked for while the
 * listing goes on, as long as its pages are full. Content that an answer leaves out
 * is asked for once more. A certificate that is not there (404) must also be gone from a
 * second listing; it is then marked as missing. Anything else that is wrong ends it. A
 * listing that has to be begun anew throws the contents away. On failure out is empty. */
enum ot_status ot_crawl(struct ot_crawl *out, struct ot_api *api, struct ot_snapshot *old,
                        const struct ot_sync_options *options, struct ot_error *err);
void ot_crawl_clear(struct ot_crawl *crawl);

/* The record that the last snapshot has under an id. */
enum ot_status ot_crawl_find_old(struct ot_snapshot *old, const char *id,
                                 struct ot_record *record, bool *found,
                                 struct ot_error *err);

#endif
