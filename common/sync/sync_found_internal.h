/* What a crawl has found: the listing, and content for the certificates that the last
 * snapshot lacks. */
#ifndef OT_SYNC_SYNC_FOUND_INTERNAL_H
#define OT_SYNC_SYNC_FOUND_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "sync/sync_earlier_internal.h"
#include "sync/sync_list.h"

struct ot_content;
struct ot_partial;

/* Contents that were asked for before their page could be taken: of the last two pages of
 * each of two lists. */
#define OT_EARLY_MAX (4 * OT_PAGE_LIMIT)

struct ot_crawl {
    struct ot_listing listing;
    struct ot_content **contents; /* one a listed certificate; NULL: old has it */
    size_t contents_room;
    struct ot_content *early[OT_EARLY_MAX]; /* of those that are not listed yet */
    size_t early_count;
    struct ot_content *checked; /* all of them that the partial file may lack */
    struct ot_earlier now;      /* what is known of the listing for another time */
    bool is_unchanged;          /* since before: nothing else is here */
};

/* Puts what the partial file lacks there, unless the API says more of it than the
 * certificate: that is asked for anew. */
void ot_crawl_keep(struct ot_crawl *crawl, struct ot_partial *partial);

/* For another pass, or at the end. */
void ot_crawl_drop_contents(struct ot_crawl *crawl);
void ot_crawl_clear(struct ot_crawl *crawl);

/* Room for a content of each certificate that is listed by now. */
enum ot_status ot_crawl_make_room(struct ot_crawl *crawl, struct ot_error *err);

#endif
