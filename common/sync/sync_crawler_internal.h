/* One pass over the API's pages and contents: what it works on, and its requests in the
 * order in which they are sent. A page comes before the contents of the one that named
 * it, so that it is on its way while they are. */
#ifndef OT_SYNC_SYNC_CRAWLER_INTERNAL_H
#define OT_SYNC_SYNC_CRAWLER_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "sync/sync_guess_internal.h"
#include "sync/sync_together_internal.h"

struct ot_api;
struct ot_content;
struct ot_crawl;
struct ot_earlier;
struct ot_limits;
struct ot_partial;
struct ot_pass;
struct ot_snapshot;
struct ot_sync_options;
struct ot_work;

struct ot_crawler_request {
    struct ot_content *content; /* and those beside it; NULL: a page */
    size_t guess; /* the page is this one; OT_GUESS_NONE: that behind what is listed */
};

struct ot_crawler {
    struct ot_crawl *crawl;
    struct ot_api *api;
    struct ot_snapshot *old; /* may be NULL */
    struct ot_partial *partial;
    int64_t keep_at_ms;              /* monotonic */
    const struct ot_earlier *before; /* may be NULL */
    struct ot_guesses guesses;
    const struct ot_limits *limits; /* may be NULL */
    const struct ot_sync_options *options;
    struct ot_pass *pass;
    struct ot_work *work; /* checks what arrives */
    struct ot_crawler_request *requests;
    size_t count, capacity;      /* of them */
    size_t known;                /* listed certificates that have been looked at */
    bool has_changed;            /* the API said so when it was asked by the tag */
    bool is_held;                /* contents wait for the whole listing */
    struct ot_together together; /* that will be asked for next */
    bool asks_singly;            /* asked for several at once, the API refused */
    size_t done, total;          /* contents, for the progress */
    uint64_t bytes;              /* of all contents that came */
};

/* Begins a pass with a crawler that is zeroed from the pass on; ot_crawler_end is needed
 * only after OT_OK. */
enum ot_status ot_crawler_begin(struct ot_crawler *crawler, struct ot_pass *pass,
                                struct ot_error *err);

/* Waits for what is being checked where status, of the pass so far, is OT_OK; the first
 * failure. Contents stay the crawl's. */
enum ot_status ot_crawler_end(struct ot_crawler *crawler, enum ot_status status,
                              struct ot_error *err);

/* Behind all others. */
enum ot_status ot_crawler_add(struct ot_crawler *crawler,
                              struct ot_crawler_request request, struct ot_error *err);

#endif
