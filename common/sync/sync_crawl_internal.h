/* A listing, and content for the certificates that the last snapshot lacks, at the same
 * time: each page names the next, so that a listing is a chain of round trips, in which
 * contents have room. */
#ifndef OT_SYNC_SYNC_CRAWL_INTERNAL_H
#define OT_SYNC_SYNC_CRAWL_INTERNAL_H

#include "base/error.h"

struct ot_api;
struct ot_crawl;
struct ot_earlier;
struct ot_limits;
struct ot_partial;
struct ot_snapshot;
struct ot_sync_options;

/* Reads every page, and what old (may be NULL) and the partial file lack; or, where the
 * API says by the tag of before (may be NULL) that nothing has changed, nothing. By its
 * cursors pages are asked for at once, the last ones first. Contents are
 * asked for while the listing goes on, as long as its pages are full. Content that an
 * answer leaves out is asked for once more. A certificate that is not there (404) must
 * also be gone from a second listing; it is then marked as missing. Anything else that is
 * wrong ends it. A sync that takes longer than a moment puts what has come into the
 * partial file now and then, as does one that is given up here, and a listing that has to
 * be begun anew. limits (NULL: none) are put on what comes in. After a failure, too, out
 * is the caller's to clear. */
enum ot_status ot_crawl(struct ot_crawl *out, struct ot_api *api, struct ot_snapshot *old,
                        struct ot_partial *partial, const struct ot_earlier *before,
                        const struct ot_limits *limits,
                        const struct ot_sync_options *options, struct ot_error *err);

#endif
