#include "sync/sync_list.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "api/api.h"
#include "api/api_cert.h"
#include "api/extra.h"
#include "base/span.h"
#include "snapshot/snapshot_format.h"
#include "sync/sync_earlier_internal.h"
#include "sync/sync_options.h"

#define NONE SIZE_MAX

void ot_listing_clear(struct ot_listing *listing)
{
    for (size_t i = 0; i < listing->count; i++)
        ot_api_cert_clear(&listing->certs[i]);
    free(listing->certs);
    free(listing->slots);
    memset(listing, 0, sizeof(*listing));
}

/* The slot that holds the id, or the empty one where it belongs. */
static size_t slot_of(const struct ot_listing *listing, const char *id)
{
    size_t mask = listing->slot_count - 1;
    size_t at = XXH3_64bits_withSeed(id, strlen(id), listing->seed) & mask;

    while (listing->slots[at] != 0 &&
           strcmp(listing->certs[listing->slots[at] - 1].id, id) != 0)
        at = (at + 1) & mask;
    return at;
}

static size_t index_of(const struct ot_listing *listing, const char *id)
{
    uint32_t slot;

    if (listing->slot_count == 0)
        return NONE;
    slot = listing->slots[slot_of(listing, id)];
    return slot == 0 ? NONE : slot - 1;
}

const struct ot_api_cert *ot_listing_find(const struct ot_listing *listing,
                                          const char *id)
{
    size_t at = index_of(listing, id);

    return at == NONE ? NULL : &listing->certs[at];
}

int64_t ot_listing_joined_end(const struct ot_api_cert *a, const struct ot_api_cert *b)
{
    if (!a->active || !b->active)
        return a->active ? a->ends_at : b->active ? b->ends_at : 0;
    if (a->ends_at == 0 || b->ends_at == 0)
        return 0;
    return a->ends_at > b->ends_at ? a->ends_at : b->ends_at;
}

/* Room for `more` items: the table stays at most half full. */
static enum ot_status reserve_certs(struct ot_pass *pass, size_t more,
                                    struct ot_error *err)
{
    struct ot_listing *listing = pass->listing;
    size_t need = listing->count + more, capacity = listing->capacity;
    struct ot_api_cert *certs;
    uint8_t *was_cursor;
    uint32_t *slots;

    if (pass->was_cursor != NULL && need <= capacity)
        return OT_OK;
    capacity = capacity == 0 ? 2 * OT_PAGE_LIMIT : 2 * capacity;
    if (capacity < need)
        capacity = need;
    certs = realloc(listing->certs, capacity * sizeof(*certs));
    if (certs == NULL)
        return ot_error_nomem(err);
    listing->certs = certs;
    was_cursor = realloc(pass->was_cursor, capacity);
    if (was_cursor == NULL)
        return ot_error_nomem(err);
    pass->was_cursor = was_cursor;

    listing->slot_count = 256;
    while (listing->slot_count < 2 * capacity)
        listing->slot_count *= 2;
    slots = calloc(listing->slot_count, sizeof(*slots));
    free(listing->slots);
    listing->slots = slots;
    if (slots == NULL) {
        listing->slot_count = 0;
        return ot_error_nomem(err);
    }
    for (size_t i = 0; i < listing->count; i++)
        slots[slot_of(listing, certs[i].id)] = (uint32_t)i + 1;
    listing->capacity = capacity;
    return OT_OK;
}

/* Of two texts that may be NULL. */
static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* The list that is being read. */
static unsigned list_of(const struct ot_pass *pass)
{
    return pass->of_organization ? OT_LIST_OF_ORGANIZATION : OT_LIST_OF_SCOPE;
}

/* What a certificate is wherever it is listed. */
static bool same_cert(const struct ot_api_cert *a, const struct ot_api_cert *b)
{
    return same_text(a->name, b->name) && a->created_at == b->created_at &&
           (!a->has_valid_at || !b->has_valid_at || a->valid_at == b->valid_at) &&
           (!a->has_expires_at || !b->has_expires_at || a->expires_at == b->expires_at);
}

/* Whether an item says the same as the one of the same list that the first was taken
 * from. */
static bool same_item(const struct ot_api_cert *a, const struct ot_api_cert *b,
                      unsigned list)
{
    return same_cert(a, b) && ((a->active_in & list) != 0) == b->active &&
           a->has_valid_at == b->has_valid_at && a->has_expires_at == b->has_expires_at &&
           (a->listed_in != list || same_text(a->extra, b->extra));
}

static void add_item(struct ot_pass *pass, struct ot_api_cert *item)
{
    struct ot_listing *listing = pass->listing;
    size_t at = listing->count++;

    listing->certs[at] = *item;
    listing->certs[at].listed_in = list_of(pass);
    listing->certs[at].active_in = item->active ? list_of(pass) : 0;
    listing->slots[slot_of(listing, item->id)] = (uint32_t)at + 1;
    pass->was_cursor[at] = 0;
    item->name = NULL; /* the listing's now */
    item->content = NULL;
    item->extra = NULL;
}

/* One that another list has already: active in either is active, and what restricts it in
 * either restricts it. */
static void join_item(struct ot_pass *pass, struct ot_api_cert *known,
                      struct ot_api_cert *item)
{
    struct ot_span restriction = ot_extra_restriction(ot_span_str(item->extra));
    char *extra = known->extra;

    known->ends_at = ot_listing_joined_end(known, item);
    known->listed_in |= list_of(pass);
    known->active_in |= item->active ? list_of(pass) : 0;
    known->active = known->active || item->active;
    if (extra == NULL || (restriction.data != NULL &&
                          ot_extra_restriction(ot_span_str(extra)).data == NULL)) {
        known->extra = item->extra;
        item->extra = extra;
    }
}

/* So many items are full pages: the next one begins behind the last of them. */
static enum ot_status note_cursor(struct ot_pass *pass, struct ot_error *err)
{
    if (pass->known == NULL || pass->items == 0 || pass->items % OT_PAGE_LIMIT != 0)
        return OT_OK;
    return ot_earlier_add(pass->known, pass->listing->certs[pass->last].id,
                          pass->of_organization, false, err);
}

/* The end of a list whose last page has so little room that one certificate in a hundred
 * more does not fit: what is new is then behind the end. */
static enum ot_status note_end(struct ot_pass *pass, struct ot_error *err)
{
    size_t room = (OT_PAGE_LIMIT - pass->items % OT_PAGE_LIMIT) % OT_PAGE_LIMIT;

    if (pass->known == NULL || pass->items == 0 || room > pass->items / 100)
        return OT_OK;
    return ot_earlier_add(pass->known, pass->listing->certs[pass->last].id,
                          pass->of_organization, true, err);
}

/* One that this list has not had. */
static enum ot_status take_fresh(struct ot_pass *pass, size_t at,
                                 struct ot_api_cert *item, struct ot_error *err)
{
    struct ot_listing *listing = pass->listing;
    enum ot_status status = note_cursor(pass, err);

    if (status != OT_OK)
        return status;
    pass->last = at != NONE ? at : listing->count;
    pass->items++;
    if (at == NONE)
        add_item(pass, item);
    else
        join_item(pass, &listing->certs[at], item);
    return OT_OK;
}

/* Moves the page's items into the listing; a repeated one must say the same as before. */
static enum ot_status take_items(struct ot_pass *pass, struct ot_api_page *page,
                                 size_t *fresh, struct ot_error *err)
{
    struct ot_listing *listing = pass->listing;
    enum ot_status status;

    *fresh = 0;
    for (size_t i = 0; i < page->count; i++) {
        struct ot_api_cert *item = &page->certs[i];
        size_t at = index_of(listing, item->id);
        struct ot_api_cert *known = at != NONE ? &listing->certs[at] : NULL;
        bool repeats = known != NULL && (known->listed_in & list_of(pass)) != 0;

        if (!item->has_active)
            return ot_error_set(err, OT_E_PROTOCOL,
                                "certificate %s is listed without saying whether it is "
                                "active",
                                item->id);
        if (repeats && same_item(known, item, list_of(pass)))
            continue;
        if (repeats || (known != NULL && !same_cert(known, item))) {
            pass->again = true;
            return ot_error_set(err, OT_E_PROTOCOL,
                                "certificate %s is listed twice and differently%s",
                                item->id,
                                repeats ? ""
                                        : ": in the project's list and in the "
                                          "organization's");
        }
        status = take_fresh(pass, at, item, err);
        if (status != OT_OK)
            return status;
        ++*fresh;
    }
    return OT_OK;
}

static enum ot_status check_caps(const struct ot_pass *pass,
                                 const struct ot_api_page *page, struct ot_error *err)
{
    if (pass->pages > OT_PAGES_MAX)
        return ot_error_set(err, OT_E_PROTOCOL,
                            "the listing has not ended after %u pages", OT_PAGES_MAX);
    if (pass->items + page->count > OT_CERTS_MAX)
        return ot_error_set(err, OT_E_PROTOCOL,
                            "the listing has more than %u certificates", OT_CERTS_MAX);
    if (pass->bytes > OT_LISTING_BYTES_MAX)
        return ot_error_set(err, OT_E_PROTOCOL, "the listing is longer than %u bytes",
                            OT_LISTING_BYTES_MAX);
    return OT_OK;
}

/* Where the next page begins: behind last_id, or behind the last item when that is null.
 * Going behind the same item twice would never end. */
static enum ot_status next_cursor(struct ot_pass *pass, const struct ot_api_page *page,
                                  size_t fresh, struct ot_error *err)
{
    const char *id = page->last_id;
    size_t at;

    if (page->count == 0)
        return ot_error_set(
            err, OT_E_PROTOCOL,
            "page %zu of the listing is empty, and its has_more says that "
            "more follow",
            pass->pages);
    if (fresh == 0)
        return ot_error_set(err, OT_E_PROTOCOL,
                            "page %zu of the listing repeats only what came before; its "
                            "cursor leads nowhere",
                            pass->pages);
    if (id[0] == '\0')
        id = page->certs[page->count - 1].id;
    at = index_of(pass->listing, id);
    if (at == NONE)
        return ot_error_set(
            err, OT_E_PROTOCOL,
            "the last_id %s of page %zu is not a certificate of the listing", id,
            pass->pages);
    if (pass->was_cursor[at])
        return ot_error_set(err, OT_E_PROTOCOL,
                            "the listing goes round in circles: it gives the cursor %s "
                            "again",
                            id);
    pass->was_cursor[at] = 1;
    memcpy(pass->cursor, id, strlen(id) + 1);
    return OT_OK;
}

/* The same for the same items, in whatever order. */
static uint64_t sum_of(const struct ot_listing *listing)
{
    uint64_t sum = 1 + listing->count;

    for (size_t i = 0; i < listing->count; i++) {
        const struct ot_api_cert *item = &listing->certs[i];
        const char *name = item->name != NULL ? item->name : "";

        sum += XXH3_64bits_withSeed(item->id, strlen(item->id), item->active_in) ^
               XXH3_64bits(name, strlen(name));
    }
    return sum;
}

/* Whether a second pass is to tell what is to be thought of a listing that ends oddly: it
 * has not come to the same end before. */
static bool is_doubtful(struct ot_pass *pass)
{
    uint64_t sum = sum_of(pass->listing);

    if (pass->doubted == sum)
        return false;
    pass->doubted = sum;
    pass->again = true;
    return true;
}

/* The page before said that more follow, and there is nothing: an API that lost its
 * thread, or what followed has just been deleted. */
static enum ot_status doubt_end(struct ot_pass *pass, struct ot_error *err)
{
    if (!is_doubtful(pass))
        return OT_OK;
    return ot_error_set(err, OT_E_PROTOCOL,
                        "page %zu of the listing is empty, although the page before it "
                        "says that more follow",
                        pass->pages);
}

/* A certificate of a project belongs to the organization. One that its list lacks has
 * just been deleted. */
static enum ot_status doubt_lists(struct ot_pass *pass, struct ot_error *err)
{
    const struct ot_listing *listing = pass->listing;

    for (size_t i = 0; i < listing->count; i++)
        if (listing->certs[i].listed_in == OT_LIST_OF_SCOPE && is_doubtful(pass))
            return ot_error_set(err, OT_E_PROTOCOL,
                                "certificate %s is in the project's list and not in the "
                                "organization's",
                                listing->certs[i].id);
    return OT_OK;
}

/* Behind the last page of a list: the organization's follows, or there is nothing more.
 */
static enum ot_status end_list(struct ot_pass *pass, struct ot_error *err)
{
    enum ot_status status = note_end(pass, err);

    if (status != OT_OK)
        return status;
    if (pass->of_organization)
        return doubt_lists(pass, err);
    if (!pass->listing->inherits)
        return OT_OK;
    pass->of_organization = true;
    pass->more = true;
    pass->cursor[0] = '\0';
    pass->pages = pass->items = pass->last = 0;
    pass->bytes = 0;
    memset(pass->was_cursor, 0, pass->listing->capacity);
    return OT_OK;
}

enum ot_status ot_pass_take(struct ot_pass *pass, struct ot_api_page *page, size_t bytes,
                            struct ot_error *err)
{
    enum ot_status status;
    size_t fresh = 0;

    pass->pages++;
    pass->bytes += bytes;
    pass->more = page->has_more;
    status = check_caps(pass, page, err);
    if (status == OT_OK)
        status = reserve_certs(pass, page->count, err);
    if (status == OT_OK)
        status = take_items(pass, page, &fresh, err);
    if (status == OT_OK && page->has_more)
        status = next_cursor(pass, page, fresh, err);
    else if (status == OT_OK && page->count == 0 && pass->cursor[0] != '\0')
        status = doubt_end(pass, err);
    return status == OT_OK && !page->has_more ? end_list(pass, err) : status;
}

/* A 4xx on a cursor means that its certificate is gone, on the first page that the
 * request itself is wrong. */
void ot_pass_lose(struct ot_pass *pass, const struct ot_api *api, struct ot_error *err)
{
    long status = ot_api_last_status(api);

    if (pass->of_organization)
        ot_error_prefix(err, "what is active in the organization counts in the project "
                             "(without 'inherit = no')");
    pass->again = pass->cursor[0] != '\0' &&
                  (status == 400 || status == 404 || status == 410 || status == 422);
}

enum ot_status ot_listing_read(struct ot_listing *out, bool inherits,
                               ot_listing_walk *walk, void *arg, struct ot_error *err)
{
    enum ot_status status = OT_OK;
    uint64_t doubted = 0;
    bool may_guess = true;

    memset(out, 0, sizeof(*out));
    for (int tries = 0; tries < 2;) {
        struct ot_pass pass = {
            .listing = out, .doubted = doubted, .may_guess = may_guess};

        out->inherits = inherits;
        /* A seed of our own: nobody can choose ids that fall into one slot. */
        if (getrandom(&out->seed, sizeof(out->seed), GRND_NONBLOCK) < 0)
            out->seed = (uint64_t)time(NULL);
        status = walk(arg, &pass, err);
        free(pass.was_cursor);
        doubted = pass.doubted;
        if (status == OT_OK)
            return OT_OK;
        ot_listing_clear(out);
        if (!pass.again)
            return status;
        may_guess = false;
        tries += !pass.guessed;
        if (tries < 2)
            ot_error_clear(err);
    }
    if (err != NULL) /* a 4xx on a cursor must not pass for one on the request */
        err->status = OT_E_PROTOCOL;
    ot_error_prefix(err, "the listing changed while it was read, twice");
    return OT_E_PROTOCOL;
}

struct fetching {
    struct ot_api *api;
    const struct ot_sync_options *options;
};

static enum ot_status fetch_page(struct ot_pass *pass, struct ot_api *api,
                                 struct ot_error *err)
{
    uint64_t before = ot_http_counts(ot_api_http(api)).bytes;
    struct ot_api_page page = {0};
    enum ot_status status =
        pass->of_organization
            ? ot_api_list_organization(api, pass->cursor, OT_PAGE_LIMIT, &page, err)
            : ot_api_list(api, pass->cursor, OT_PAGE_LIMIT, &page, err);
    size_t bytes = (size_t)(ot_http_counts(ot_api_http(api)).bytes - before);

    if (status == OT_OK)
        status = ot_pass_take(pass, &page, bytes, err);
    else
        ot_pass_lose(pass, api, err);
    ot_api_page_clear(&page);
    return status;
}

static enum ot_status fetch_pages(void *arg, struct ot_pass *pass, struct ot_error *err)
{
    const struct fetching *fetching = arg;
    const struct ot_sync_options *options = fetching->options;
    enum ot_status status;

    do {
        status = fetch_page(pass, fetching->api, err);
        if (status == OT_OK && options->progress != NULL)
            options->progress(options->arg, "list", pass->listing->count, 0);
    } while (status == OT_OK && pass->more);
    return status;
}

enum ot_status ot_listing_fetch(struct ot_listing *out, struct ot_api *api,
                                const struct ot_sync_options *options,
                                struct ot_error *err)
{
    struct fetching fetching = {api, options};

    return ot_listing_read(out, false, fetch_pages, &fetching, err);
}

enum ot_status ot_listing_fetch_joined(struct ot_listing *out, struct ot_api *api,
                                       const struct ot_sync_options *options,
                                       struct ot_error *err)
{
    struct fetching fetching = {api, options};

    return ot_listing_read(out, ot_api_inherits(api), fetch_pages, &fetching, err);
}

bool ot_listing_equal(const struct ot_listing *a, const struct ot_listing *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        const struct ot_api_cert *other = ot_listing_find(b, a->certs[i].id);

        if (other == NULL || other->active != a->certs[i].active ||
            !same_text(other->name, a->certs[i].name))
            return false;
    }
    return true;
}
