#include "sync/sync_crawl_internal.h"

#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/api_cert.h"
#include "api/extra.h"
#include "api/moment_tag.h"
#include "base/clock.h"
#include "base/span.h"
#include "cert/cert.h"
#include "http/http.h"
#include "snapshot/record.h"
#include "snapshot/snapshot.h"
#include "sync/sync_content_internal.h"
#include "sync/sync_earlier_internal.h"
#include "sync/sync_guess_internal.h"
#include "sync/sync_options.h"
#include "sync/sync_partial_internal.h"
#include "sync/sync_work_internal.h"

/* What a request asks for: the content of a listed certificate, by its index, or this. */
#define NEXT_PAGE SIZE_MAX
/* Or a page of sync_guess_internal.h, by its number behind this. */
#define FIRST_GUESS (SIZE_MAX - OT_PAGES_MAX)

/* What has come is kept for another attempt after so long, and then so often: a sync that
 * goes well is over by then, and one that is killed loses little. */
#define KEEP_FIRST_MS 2000
#define KEEP_AGAIN_MS 500

/* One pass: the requests in the order in which they are sent. A page comes before the
 * contents of the one that named it, so that it is on its way while they are. */
struct walk {
    struct ot_crawl *crawl;
    struct ot_api *api;
    struct ot_snapshot *old;
    struct ot_partial *partial;
    int64_t keep_at_ms; /* monotonic */
    const struct ot_earlier *before;
    struct ot_guesses guesses;
    const struct ot_limits *limits;
    const struct ot_sync_options *options;
    struct ot_pass *pass;
    struct ot_work *work;   /* checks what arrives */
    size_t *requests;       /* index into the listing, NEXT_PAGE, or a guess */
    size_t count, capacity; /* of them */
    size_t known;           /* listed certificates that have been looked at */
    bool is_held;           /* contents wait for the whole listing */
    size_t done, total;     /* contents, for the progress */
    size_t missing;
    uint64_t bytes; /* of all contents that came */
};

enum ot_status ot_crawl_find_old(struct ot_snapshot *old, const char *id,
                                 struct ot_record *record, bool *found,
                                 struct ot_error *err)
{
    struct ot_span term = ot_span_str(id);
    struct ot_positions list;
    enum ot_status status =
        ot_snapshot_find(old, OT_INDEX_ID, term, OT_SPAN_ABSENT, &list, err);

    *found = false;
    for (uint32_t i = 0; status == OT_OK && i < list.count; i++) {
        status = ot_snapshot_record(old, &list, i, record, err);
        *found = status == OT_OK && ot_span_equal(record->field[OT_FIELD_ID], term);
        if (*found)
            break;
    }
    return status;
}

static enum ot_status add_request(struct walk *walk, size_t request, struct ot_error *err)
{
    if (walk->count == walk->capacity) {
        size_t capacity = walk->capacity > 0 ? 2 * walk->capacity : 4 * OT_PAGE_LIMIT;
        size_t *requests = realloc(walk->requests, capacity * sizeof(*requests));

        if (requests == NULL)
            return ot_error_nomem(err);
        walk->requests = requests;
        walk->capacity = capacity;
    }
    walk->requests[walk->count++] = request;
    return OT_OK;
}

/* Room for a content of each certificate that is listed by now. */
static enum ot_status make_room_for_page(struct walk *walk, struct ot_error *err)
{
    size_t room = walk->crawl->listing.capacity;
    struct ot_content **contents;

    if (room <= walk->crawl->contents_room)
        return OT_OK;
    contents = realloc(walk->crawl->contents, room * sizeof(struct ot_content *));
    if (contents == NULL)
        return ot_error_nomem(err);
    walk->crawl->contents = contents;
    memset(contents + walk->crawl->contents_room, 0,
           (room - walk->crawl->contents_room) * sizeof(struct ot_content *));
    walk->crawl->contents_room = room;
    return OT_OK;
}

static enum ot_status count_bytes(struct walk *walk, size_t bytes, struct ot_error *err)
{
    walk->bytes += bytes;
    if (walk->bytes <= OT_CONTENTS_BYTES_MAX)
        return OT_OK;
    return ot_error_set(err, OT_E_PROTOCOL,
                        "the certificates are longer than %u bytes together, after %zu "
                        "of them",
                        OT_CONTENTS_BYTES_MAX, walk->done);
}

/* What an earlier attempt has fetched is checked anew, as if it had just come. */
static enum ot_status take_kept(struct walk *walk, struct ot_content *content,
                                struct ot_span der, struct ot_error *err)
{
    enum ot_status status = count_bytes(walk, der.len, err);

    content->is_kept = true;
    return status == OT_OK ? ot_work_put_der(walk->work, content, der, err) : status;
}

static enum ot_status want_content(struct walk *walk, size_t i, struct ot_error *err)
{
    const struct ot_api_cert *item = &walk->crawl->listing.certs[i];
    struct ot_content **content = &walk->crawl->contents[i];
    struct ot_record record;
    enum ot_status status = OT_OK;
    struct ot_span der;
    bool found = false;

    if (walk->old != NULL)
        status = ot_crawl_find_old(walk->old, item->id, &record, &found, err);
    /* What its own answer says may change, as its content may not; where that restricts
     * it, it is asked for each time. */
    if (status != OT_OK ||
        (found && ot_extra_restriction(record.field[OT_FIELD_EXTRA]).data == NULL))
        return status;
    status = ot_content_new(content, item->id, item->created_at, walk->limits, err);
    if (status == OT_OK && !found &&
        ot_partial_find(walk->partial, item->id, item->created_at, &der))
        return take_kept(walk, *content, der, err);
    if (status == OT_OK)
        status = add_request(walk, i, err);
    walk->total += status == OT_OK;
    return status;
}

/* That after which the first page is asked, NULL: none. */
static const char *tag_of_before(const struct walk *walk)
{
    const bool is_first = walk->pass->pages == 0 && !walk->pass->of_organization;

    return is_first && walk->pass->may_guess && walk->before != NULL &&
                   walk->before->tag[0] != '\0'
               ? walk->before->tag
               : NULL;
}

static void want_request(void *arg, size_t i, struct ot_api_wanted *wanted)
{
    struct walk *walk = arg;

    if (walk->requests[i] < FIRST_GUESS) {
        wanted->id = walk->crawl->listing.certs[walk->requests[i]].id;
        return;
    }
    wanted->limit = OT_PAGE_LIMIT;
    if (walk->requests[i] == NEXT_PAGE) {
        wanted->after = walk->pass->cursor;
        wanted->of_organization = walk->pass->of_organization;
        wanted->tag = tag_of_before(walk);
    } else {
        const struct ot_earlier_cursor *cursor =
            &walk->before->cursors[walk->requests[i] - FIRST_GUESS];

        wanted->after = cursor->id;
        wanted->of_organization = cursor->of_organization;
    }
}

/* The tag of the listing is that of its first page, if all the others are of the same
 * moment. */
static void note_tag(struct walk *walk, const struct ot_api_page *page)
{
    char *tag = walk->crawl->now.tag;

    if (walk->pass->pages == 0 && !walk->pass->of_organization)
        strcpy(tag, page->tag);
    else if (!ot_moment_tag_is_same(tag, page->tag))
        tag[0] = '\0';
}

/* This API fills its pages. A list that does not and goes on may have no end, and then
 * nothing of it is worth fetching: its contents wait until all of it is there. */
static enum ot_status use_page(struct walk *walk, struct ot_api_page *page, size_t bytes,
                               struct ot_error *err)
{
    enum ot_status status;

    note_tag(walk, page);
    walk->is_held |= page->has_more && page->count < OT_PAGE_LIMIT;
    status = ot_pass_take(walk->pass, page, bytes, err);
    return status == OT_OK ? make_room_for_page(walk, err) : status;
}

/* The guesses of the list that begins. */
static enum ot_status add_guesses(struct walk *walk, struct ot_error *err)
{
    struct ot_guesses *guesses = &walk->guesses;
    enum ot_status status = OT_OK;

    ot_guesses_begin(guesses, walk->pass->of_organization);
    for (size_t i = guesses->at; status == OT_OK && i < guesses->end; i++)
        status = add_request(walk, FIRST_GUESS + i, err);
    walk->pass->guessed |= guesses->at < guesses->end;
    return status;
}

static enum ot_status use_guess(struct walk *walk, struct ot_guess *guess, const char *id,
                                struct ot_error *err)
{
    strcpy(walk->pass->cursor, id);
    return use_page(walk, &guess->page, guess->bytes, err);
}

/* Behind what is listed: the guesses that are here, as far as they lead; then one that is
 * on its way, or a page that is asked for now. */
static enum ot_status find_next(struct walk *walk, struct ot_error *err)
{
    struct ot_guesses *guesses = &walk->guesses;
    enum ot_status status = OT_OK;

    guesses->awaited = OT_GUESS_NONE;
    while (status == OT_OK && walk->pass->more) {
        size_t i = OT_GUESS_NONE;

        if (walk->pass->pages > 0)
            i = ot_guesses_next(guesses, &walk->crawl->listing);
        if (i != OT_GUESS_NONE && guesses->guesses[i].state == OT_GUESS_HERE) {
            status =
                use_guess(walk, &guesses->guesses[i], guesses->known->cursors[i].id, err);
            continue;
        }
        if (i != OT_GUESS_NONE && guesses->guesses[i].state == OT_GUESS_ASKED) {
            guesses->awaited = i;
            return OT_OK;
        }
        status = add_request(walk, NEXT_PAGE, err);
        if (status == OT_OK && walk->pass->pages == 0)
            status = add_guesses(walk, err);
        return status;
    }
    return status;
}

static enum ot_status want_contents(struct walk *walk, struct ot_error *err)
{
    enum ot_status status = OT_OK;

    if (walk->is_held && walk->pass->more)
        return OT_OK;
    for (; status == OT_OK && walk->known < walk->crawl->listing.count; walk->known++)
        status = want_content(walk, walk->known, err);
    return status;
}

/* The page that was waited for has been taken. */
static enum ot_status go_on_listing(struct walk *walk, struct ot_error *err)
{
    const struct ot_sync_options *options = walk->options;
    enum ot_status status = find_next(walk, err);

    if (status == OT_OK)
        status = want_contents(walk, err);
    if (status == OT_OK && options->progress != NULL)
        options->progress(options->arg, "list", walk->crawl->listing.count, 0);
    return status;
}

static enum ot_status take_next(struct walk *walk, enum ot_status status,
                                struct ot_api_page *page, size_t bytes,
                                struct ot_error *err)
{
    const bool was_alone = tag_of_before(walk) != NULL;

    if (status != OT_OK) {
        ot_pass_lose(walk->pass, walk->api, err);
        return status;
    }
    if (page->is_unchanged) {
        walk->crawl->is_unchanged = true;
        return OT_OK;
    }
    status = use_page(walk, page, bytes, err);
    if (status == OT_OK && was_alone && !walk->pass->of_organization)
        status = add_guesses(walk, err);
    return status == OT_OK ? go_on_listing(walk, err) : status;
}

/* The item behind which it begins has been deleted: a guess is lost by that, no more. */
static bool is_cursor_gone(const struct walk *walk)
{
    long status = ot_api_last_status(walk->api);

    return status == 400 || status == 404 || status == 410 || status == 422;
}

static enum ot_status take_guess(struct walk *walk, size_t i, enum ot_status status,
                                 struct ot_api_page *page, size_t bytes,
                                 struct ot_error *err)
{
    struct ot_guess *guess = &walk->guesses.guesses[i];
    const bool is_awaited = walk->guesses.awaited == i;

    if (status != OT_OK && !is_cursor_gone(walk))
        return status;
    guess->state = status == OT_OK ? OT_GUESS_HERE : OT_GUESS_LOST;
    if (status == OT_OK) {
        guess->page = *page;
        guess->bytes = bytes;
        memset(page, 0, sizeof(*page));
    }
    ot_error_clear(err);
    if (!is_awaited)
        return OT_OK;
    status = status == OT_OK ? use_guess(walk, guess, walk->before->cursors[i].id, err)
                             : OT_OK;
    return status == OT_OK ? go_on_listing(walk, err) : status;
}

static enum ot_status take_page(void *arg, size_t i, enum ot_status status,
                                struct ot_api_page *page, size_t bytes,
                                struct ot_error *err)
{
    struct walk *walk = arg;
    const size_t request = walk->requests[i], before = walk->count;

    status = request == NEXT_PAGE
                 ? take_next(walk, status, page, bytes, err)
                 : take_guess(walk, request - FIRST_GUESS, status, page, bytes, err);
    if (status == OT_OK)
        ot_api_read_more(walk->api, walk->count - before);
    return status;
}

static enum ot_status ask_again(struct walk *walk, size_t request, struct ot_error *err)
{
    struct ot_content *content = walk->crawl->contents[request];
    enum ot_status status;

    if (content->is_asked_again)
        return ot_error_set(err, OT_E_PROTOCOL,
                            "certificate %s comes without its content, twice",
                            content->id);
    content->is_asked_again = true;
    status = add_request(walk, request, err);
    if (status == OT_OK)
        ot_api_read_more(walk->api, 1);
    return status;
}

static enum ot_status keep_extra(struct ot_content *content, const char *extra,
                                 struct ot_error *err)
{
    free(content->extra);
    content->extra = extra != NULL ? strdup(extra) : NULL;
    return extra == NULL || content->extra != NULL ? OT_OK : ot_error_nomem(err);
}

static enum ot_status take_cert(void *arg, size_t i, enum ot_status status,
                                const struct ot_api_cert *cert, struct ot_error *err)
{
    struct walk *walk = arg;
    const struct ot_sync_options *options = walk->options;
    struct ot_content *content = walk->crawl->contents[walk->requests[i]];

    if (status == OT_E_NOT_FOUND) {
        content->is_missing = true;
        walk->missing++;
        status = OT_OK;
    } else if (status == OT_OK && cert->content == NULL) {
        return ask_again(walk, walk->requests[i], err);
    } else if (status == OT_OK) {
        status = keep_extra(content, cert->extra, err);
        if (status == OT_OK)
            status = count_bytes(walk, strlen(cert->content), err);
    }
    if (status == OT_OK && !content->is_missing)
        status = ot_work_put(walk->work, content, cert->content, err);
    if (status != OT_OK)
        return status;
    walk->done++;
    if (options->progress != NULL)
        options->progress(options->arg, "get", walk->done, walk->total);
    return OT_OK;
}

static void drop_contents(struct ot_crawl *crawl)
{
    for (size_t i = 0; i < crawl->contents_room; i++)
        ot_content_free(crawl->contents[i]);
    free(crawl->contents);
    crawl->contents = NULL;
    crawl->contents_room = 0;
    crawl->checked = NULL;
}

void ot_crawl_keep(struct ot_crawl *crawl, struct ot_partial *partial)
{
    for (struct ot_content *content = crawl->checked; content != NULL;
         content = content->next) {
        struct ot_record facts = {.flags = 0};

        if (content->cert == NULL || content->extra != NULL || content->others != NULL ||
            content->is_kept)
            continue;
        ot_cert_fill(content->cert, &facts);
        ot_partial_add(partial, content->id, content->created_at,
                       facts.field[OT_FIELD_DER]);
        content->is_kept = true;
    }
    crawl->checked = NULL;
    ot_partial_write(partial);
}

static void keep_now_and_then(void *arg)
{
    struct walk *walk = arg;
    int64_t now = ot_clock_ms();

    if (now < walk->keep_at_ms)
        return;
    walk->crawl->checked = ot_work_checked(walk->work);
    ot_crawl_keep(walk->crawl, walk->partial);
    walk->keep_at_ms = now + KEEP_AGAIN_MS;
}

/* The requests, which begin with the first page. */
static enum ot_status read_pages(struct walk *walk, struct ot_error *err)
{
    const struct ot_api_reader reader = {want_request, take_page, take_cert, walk};
    struct ot_http *http = ot_api_http(walk->api);
    enum ot_status status = add_request(walk, NEXT_PAGE, err);

    if (status == OT_OK && tag_of_before(walk) == NULL)
        status = add_guesses(walk, err);
    if (status != OT_OK)
        return status;
    ot_http_set_pulse(http, keep_now_and_then, walk);
    status = ot_api_read(walk->api, &reader, walk->count, err);
    ot_http_set_pulse(http, NULL, NULL);
    return status;
}

/* Whether something that was trusted is active in neither list now. */
static enum ot_status look_for_loss(const struct walk *walk, bool *is_lost,
                                    struct ot_error *err)
{
    const struct ot_listing *listing = &walk->crawl->listing;
    size_t kept = 0;

    *is_lost = false;
    if (walk->old == NULL)
        return OT_OK;
    for (size_t i = 0; i < listing->count; i++) {
        const uint32_t flags = OT_RECORD_ACTIVE | OT_RECORD_QUARANTINED;
        struct ot_record record;
        bool found;
        enum ot_status status =
            ot_crawl_find_old(walk->old, listing->certs[i].id, &record, &found, err);

        if (status != OT_OK)
            return status;
        kept += found && (record.flags & flags) == OT_RECORD_ACTIVE &&
                listing->certs[i].active;
    }
    *is_lost = kept < ot_snapshot_info(walk->old)->active;
    return OT_OK;
}

/* Whether the scope's list says the same as when it was read first. */
static bool repeats_scope(const struct ot_listing *joined, const struct ot_listing *now)
{
    size_t count = 0;

    for (size_t i = 0; i < joined->count; i++)
        count += (joined->certs[i].listed_in & OT_LIST_OF_SCOPE) != 0;
    if (count != now->count)
        return false;
    for (size_t i = 0; i < now->count; i++) {
        const struct ot_api_cert *before = ot_listing_find(joined, now->certs[i].id);

        if (before == NULL || (before->listed_in & OT_LIST_OF_SCOPE) == 0 ||
            ((before->active_in & OT_LIST_OF_SCOPE) != 0) != now->certs[i].active)
            return false;
    }
    return true;
}

/* Two lists are not of one moment: a certificate that was activated in the project after
 * that list was read, and deactivated in the organization before the other was, seems to
 * be active nowhere. So nothing goes unless the first list still says the same behind the
 * second. */
static enum ot_status confirm_loss(const struct walk *walk, struct ot_error *err)
{
    struct ot_listing now;
    bool is_lost, repeats;
    enum ot_status status = look_for_loss(walk, &is_lost, err);

    if (status != OT_OK || !is_lost)
        return status;
    status = ot_listing_fetch(&now, walk->api, walk->options, err);
    if (status != OT_OK)
        return status;
    repeats = repeats_scope(&walk->crawl->listing, &now);
    ot_listing_clear(&now);
    if (repeats)
        return OT_OK;
    walk->pass->again = true;
    return ot_error_set(err, OT_E_PROTOCOL,
                        "the project's list is another one after the organization's was "
                        "read");
}

static enum ot_status walk_all(void *arg, struct ot_pass *pass, struct ot_error *err)
{
    struct walk walk = *(const struct walk *)arg;
    enum ot_status status = ot_work_new(&walk.work, err), checked;

    if (status != OT_OK)
        return status;
    walk.pass = pass;
    pass->known = &walk.crawl->now;
    ot_earlier_clear(pass->known);
    status = ot_guesses_init(&walk.guesses, pass->may_guess ? walk.before : NULL, err);
    if (status != OT_OK) {
        ot_work_free(walk.work);
        return status;
    }
    walk.keep_at_ms = ot_clock_ms() + KEEP_FIRST_MS;
    ot_partial_load(walk.partial);
    status = read_pages(&walk, err);
    checked = ot_work_finish(walk.work, status == OT_OK ? err : NULL);
    if (status == OT_OK)
        status = checked;
    if (status == OT_OK && walk.crawl->listing.inherits && !walk.crawl->is_unchanged)
        status = confirm_loss(&walk, err);
    if (status == OT_E_PROTOCOL && pass->guessed)
        pass->again = true; /* it may be a guess that the API took amiss */
    ot_guesses_clear(&walk.guesses);
    walk.crawl->checked = ot_work_checked(walk.work);
    ot_work_free(walk.work);
    free(walk.requests);
    if (status != OT_OK) {
        ot_crawl_keep(walk.crawl, walk.partial);
        drop_contents(walk.crawl);
    }
    ((struct walk *)arg)->missing = walk.missing;
    return status;
}

/* Deleted between the listing and our request, or an API that contradicts itself. */
static enum ot_status confirm_missing(const struct walk *walk, struct ot_error *err)
{
    const struct ot_crawl *crawl = walk->crawl;
    struct ot_listing second;
    enum ot_status status =
        ot_listing_fetch_joined(&second, walk->api, walk->options, err);

    if (status != OT_OK)
        return status;
    for (size_t i = 0; status == OT_OK && i < crawl->listing.count; i++) {
        const struct ot_content *content = crawl->contents[i];

        if (content != NULL && content->is_missing &&
            ot_listing_find(&second, content->id) != NULL)
            status =
                ot_error_set(err, OT_E_PROTOCOL,
                             "certificate %s is listed and cannot be fetched: the API "
                             "answers that there is no such certificate",
                             content->id);
    }
    ot_listing_clear(&second);
    return status;
}

enum ot_status ot_crawl(struct ot_crawl *out, struct ot_api *api, struct ot_snapshot *old,
                        struct ot_partial *partial, const struct ot_earlier *before,
                        const struct ot_limits *limits,
                        const struct ot_sync_options *options, struct ot_error *err)
{
    struct walk walk = {.crawl = out,
                        .api = api,
                        .old = old,
                        .partial = partial,
                        .before = before,
                        .limits = limits,
                        .options = options};
    enum ot_status status;

    *out = (struct ot_crawl){0};
    status = ot_listing_read(&out->listing, ot_api_inherits(api), walk_all, &walk, err);
    if (status != OT_OK || walk.missing == 0)
        return status;
    out->now.tag[0] = '\0'; /* it lists what is not there */
    status = confirm_missing(&walk, err);
    return status;
}

void ot_crawl_clear(struct ot_crawl *crawl)
{
    drop_contents(crawl);
    ot_earlier_clear(&crawl->now);
    ot_listing_clear(&crawl->listing);
}
