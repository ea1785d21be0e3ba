/* A whole, consistent listing, or none. */
#ifndef OT_SYNC_SYNC_LIST_H
#define OT_SYNC_SYNC_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/limits.h"

struct ot_api;
struct ot_api_cert;
struct ot_api_page;
struct ot_earlier;
struct ot_sync_options;

/* As many as the API gives at a time. */
#define OT_PAGE_LIMIT 100

struct ot_listing {
    struct ot_api_cert *certs; /* unique ids, in the API's order */
    size_t count, capacity;
    uint32_t *slots; /* hash table over the ids: index + 1, or 0 */
    size_t slot_count;
    uint64_t seed;
    bool inherits; /* the scope's list and the organization's, joined: an item is active
                      if it is in either */
};

/* One walk over the pages, which somebody else fetches: those of the scope's own list,
 * then, where the scope inherits, those of the organization's. */
struct ot_pass {
    struct ot_listing *listing; /* what is known so far */
    char cursor[OT_ID_MAX + 1]; /* the next page is the one behind it; "": the first */
    bool of_organization;       /* it is one of the organization's list */
    bool more;                  /* there is a next page */
    bool again;                 /* the failure is one that a second pass may not meet */
    bool may_guess; /* pages may be asked for before the one that names them is there */
    bool guessed;   /* that was done */
    size_t pages, items; /* of the list that is being read, as are the bytes */
    uint64_t bytes;
    uint64_t doubted;         /* a sum over a listing that ended oddly, or 0 */
    uint8_t *was_cursor;      /* for each item, whether a page was asked for behind it */
    size_t last;              /* index of the list's last item so far */
    struct ot_earlier *known; /* gets the cursors of full pages and the end; or NULL */
};

/* The next page, in an answer of so many bytes; takes its items. */
enum ot_status ot_pass_take(struct ot_pass *pass, struct ot_api_page *page, size_t bytes,
                            struct ot_error *err);
/* There is no next page: the API's answer was an error, which err tells. */
void ot_pass_lose(struct ot_pass *pass, const struct ot_api *api, struct ot_error *err);

/* Makes a pass, and, if that was lost for a reason that may pass, another one from the
 * beginning; one that guessed counts for none. Then OT_E_PROTOCOL. Other failures are the
 * walk's own. On failure out is empty. */
typedef enum ot_status ot_listing_walk(void *arg, struct ot_pass *pass,
                                       struct ot_error *err);
enum ot_status ot_listing_read(struct ot_listing *out, bool inherits,
                               ot_listing_walk *walk, void *arg, struct ot_error *err);

/* Reads every page of the scope's own list, one after the other, and nothing else. */
enum ot_status ot_listing_fetch(struct ot_listing *out, struct ot_api *api,
                                const struct ot_sync_options *options,
                                struct ot_error *err);
/* The same of all that the source holds, the organization's list included. */
enum ot_status ot_listing_fetch_joined(struct ot_listing *out, struct ot_api *api,
                                       const struct ot_sync_options *options,
                                       struct ot_error *err);
void ot_listing_clear(struct ot_listing *listing);

/* The item with this id, NULL if there is none. */
const struct ot_api_cert *ot_listing_find(const struct ot_listing *listing,
                                          const char *id);

/* When what two lists say of a certificate ends in both, Unix seconds; 0: it does not end
 * by itself, as far as they say so, or it is active in neither. */
int64_t ot_listing_joined_end(const struct ot_api_cert *a, const struct ot_api_cert *b);

/* Same ids with the same state and name, in whatever order. */
bool ot_listing_equal(const struct ot_listing *a, const struct ot_listing *b);

#endif
