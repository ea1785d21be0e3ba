/* A whole, consistent listing, or none: faults.md rows 1 to 9. */
#ifndef OT_FETCH_SYNC_LIST_H
#define OT_FETCH_SYNC_LIST_H

#include "fetch/sync.h"

struct ot_listing {
    struct ot_api_cert *certs; /* unique ids, in the API's order */
    size_t count, capacity;
    uint32_t *slots; /* hash table over the ids: index + 1, or 0 */
    size_t slot_count;
    uint64_t seed;
};

/* Reads every page. A listing that contradicts itself, or whose cursor the API does not
 * know any more, is begun once more; then OT_E_PROTOCOL. Other failures are the API's. On
 * failure out is empty. */
enum ot_status ot_listing_fetch(struct ot_listing *out, struct ot_api *api,
                                const struct ot_sync_options *options,
                                struct ot_error *err);
void ot_listing_clear(struct ot_listing *listing);

/* The item with this id, NULL if there is none. */
const struct ot_api_cert *ot_listing_find(const struct ot_listing *listing,
                                          const char *id);

/* Same ids with the same state and name, in whatever order. */
bool ot_listing_equal(const struct ot_listing *a, const struct ot_listing *b);

#endif
