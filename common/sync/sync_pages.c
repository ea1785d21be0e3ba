#include "sync/sync_pages_internal.h"

#include <string.h>

#include "api/api.h"
#include "api/api_cert.h"
#include "api/moment_tag.h"
#include "sync/sync_crawler_internal.h"
#include "sync/sync_earlier_internal.h"
#include "sync/sync_found_internal.h"
#include "sync/sync_guess_internal.h"
#include "sync/sync_options.h"
#include "sync/sync_wanted_internal.h"

/* What is new stands at the end of a list: so many guesses are asked for before the
 * others, and the contents that they name as soon as they are here. */
#define LAST_GUESSES 2

/* That after which the first page is asked, NULL: none. */
static const char *tag_of_before(const struct ot_crawler *crawler)
{
    const bool is_first = crawler->pass->pages == 0 && !crawler->pass->of_organization;

    return is_first && crawler->pass->may_guess && crawler->before != NULL &&
                   crawler->before->tag[0] != '\0'
               ? crawler->before->tag
               : NULL;
}

void ot_pages_want(const struct ot_crawler *crawler,
                   const struct ot_crawler_request *request, struct ot_api_wanted *wanted)
{
    wanted->limit = OT_PAGE_LIMIT;
    if (request->guess == OT_GUESS_NONE) {
        wanted->after = crawler->pass->cursor;
        wanted->of_organization = crawler->pass->of_organization;
        wanted->tag = tag_of_before(crawler);
    } else {
        const struct ot_earlier_cursor *cursor =
            &crawler->before->cursors[request->guess];

        wanted->after = cursor->id;
        wanted->of_organization = cursor->of_organization;
    }
}

static enum ot_status add_page(struct ot_crawler *crawler, size_t guess,
                               struct ot_error *err)
{
    const struct ot_crawler_request request = {NULL, guess};

    return ot_crawler_add(crawler, request, err);
}

/* Whether it is one of the last of the list that is being read. */
static bool is_last_guess(const struct ot_guesses *guesses, size_t i)
{
    return i + LAST_GUESSES >= guesses->end;
}

/* The guesses of the list that begins, the last ones first. */
static enum ot_status add_guesses(struct ot_crawler *crawler, struct ot_error *err)
{
    struct ot_guesses *guesses = &crawler->guesses;
    enum ot_status status = OT_OK;

    ot_guesses_begin(guesses, crawler->pass->of_organization, crawler->has_changed);
    for (int others = 0; others < 2; others++)
        for (size_t i = guesses->at; status == OT_OK && i < guesses->end; i++)
            if (is_last_guess(guesses, i) != others &&
                guesses->guesses[i].state == OT_GUESS_ASKED)
                status = add_page(crawler, i, err);
    crawler->pass->guessed |= guesses->at < guesses->end;
    return status;
}

enum ot_status ot_pages_begin(struct ot_crawler *crawler, struct ot_error *err)
{
    enum ot_status status = add_page(crawler, OT_GUESS_NONE, err);

    return status == OT_OK && tag_of_before(crawler) == NULL ? add_guesses(crawler, err)
                                                             : status;
}

/* The tag of the listing is that of its first page, if all the others are of the same
 * moment. */
static void note_tag(struct ot_crawler *crawler, const struct ot_api_page *page)
{
    char *tag = crawler->crawl->now.tag;

    if (crawler->pass->pages == 0 && !crawler->pass->of_organization)
        strcpy(tag, page->tag);
    else if (!ot_moment_tag_is_same(tag, page->tag))
        tag[0] = '\0';
}

/* This API fills its pages. A list that does not and goes on may have no end, and then
 * nothing of it is worth fetching: its contents wait until all of it is there. */
static bool may_be_endless(const struct ot_api_page *page)
{
    return page->has_more && page->count < OT_PAGE_LIMIT;
}

static enum ot_status use_page(struct ot_crawler *crawler, struct ot_api_page *page,
                               size_t bytes, struct ot_error *err)
{
    note_tag(crawler, page);
    crawler->is_held |= may_be_endless(page);
    return ot_pass_take(crawler->pass, page, bytes, err);
}

static enum ot_status use_guess(struct ot_crawler *crawler, size_t i,
                                struct ot_error *err)
{
    struct ot_guess *guess = &crawler->guesses.guesses[i];

    strcpy(crawler->pass->cursor, crawler->before->cursors[i].id);
    return use_page(crawler, &guess->page, guess->bytes, err);
}

/* Behind what is listed: the guesses that are here, as far as they lead; then one that is
 * on its way, or a page that is asked for now. */
static enum ot_status find_next(struct ot_crawler *crawler, struct ot_error *err)
{
    struct ot_guesses *guesses = &crawler->guesses;
    enum ot_status status = OT_OK;

    guesses->awaited = OT_GUESS_NONE;
    while (status == OT_OK && crawler->pass->more) {
        size_t i = OT_GUESS_NONE;

        if (crawler->pass->pages > 0)
            i = ot_guesses_next(guesses, &crawler->crawl->listing);
        if (i != OT_GUESS_NONE && guesses->guesses[i].state == OT_GUESS_HERE) {
            status = use_guess(crawler, i, err);
            continue;
        }
        if (i != OT_GUESS_NONE && guesses->guesses[i].state == OT_GUESS_ASKED) {
            guesses->awaited = i;
            return OT_OK;
        }
        status = add_page(crawler, OT_GUESS_NONE, err);
        if (status == OT_OK && crawler->pass->pages == 0)
            status = add_guesses(crawler, err);
        return status;
    }
    return status;
}

/* The page that was waited for has been taken. */
static enum ot_status go_on_listing(struct ot_crawler *crawler, struct ot_error *err)
{
    const struct ot_sync_options *options = crawler->options;
    enum ot_status status = find_next(crawler, err);

    if (status == OT_OK && !(crawler->is_held && crawler->pass->more))
        status = ot_wanted_listed(crawler, err);
    if (status == OT_OK && options->progress != NULL)
        options->progress(options->arg, "list", crawler->crawl->listing.count, 0);
    return status;
}

static enum ot_status take_next(struct ot_crawler *crawler, enum ot_status status,
                                struct ot_api_page *page, size_t bytes,
                                struct ot_error *err)
{
    const bool was_alone = tag_of_before(crawler) != NULL;

    if (status != OT_OK) {
        ot_pass_lose(crawler->pass, crawler->api, err);
        return status;
    }
    if (page->is_unchanged) {
        crawler->crawl->is_unchanged = true;
        return OT_OK;
    }
    crawler->has_changed |= was_alone;
    status = use_page(crawler, page, bytes, err);
    if (status == OT_OK && was_alone && crawler->pass->more &&
        !crawler->pass->of_organization)
        status = add_guesses(crawler, err);
    return status == OT_OK ? go_on_listing(crawler, err) : status;
}

/* The item behind which it begins has been deleted: a guess is lost by that, no more. */
static bool is_cursor_gone(const struct ot_crawler *crawler)
{
    long status = ot_api_last_status(crawler->api);

    return status == 400 || status == 404 || status == 410 || status == 422;
}

/* A guess is here before what leads to it. With no snapshot everything is new, and there
 * is nothing to be early with. */
static enum ot_status look_into_guess(struct ot_crawler *crawler, size_t i,
                                      struct ot_error *err)
{
    const struct ot_api_page *page = &crawler->guesses.guesses[i].page;

    if (crawler->old == NULL || !is_last_guess(&crawler->guesses, i) ||
        crawler->is_held || may_be_endless(page))
        return OT_OK;
    return ot_wanted_early(crawler, page, err);
}

static enum ot_status take_guess(struct ot_crawler *crawler, size_t i,
                                 enum ot_status status, struct ot_api_page *page,
                                 size_t bytes, struct ot_error *err)
{
    struct ot_guess *guess = &crawler->guesses.guesses[i];
    const bool is_awaited = crawler->guesses.awaited == i;

    if (status != OT_OK && !is_cursor_gone(crawler))
        return status;
    guess->state = status == OT_OK ? OT_GUESS_HERE : OT_GUESS_LOST;
    if (status == OT_OK) {
        guess->page = *page;
        guess->bytes = bytes;
        memset(page, 0, sizeof(*page));
    }
    ot_error_clear(err);
    if (!is_awaited)
        return status == OT_OK ? look_into_guess(crawler, i, err) : OT_OK;
    status = status == OT_OK ? use_guess(crawler, i, err) : OT_OK;
    return status == OT_OK ? go_on_listing(crawler, err) : status;
}

enum ot_status ot_pages_take(struct ot_crawler *crawler,
                             const struct ot_crawler_request *request,
                             enum ot_status status, struct ot_api_page *page,
                             size_t bytes, struct ot_error *err)
{
    return request->guess == OT_GUESS_NONE
               ? take_next(crawler, status, page, bytes, err)
               : take_guess(crawler, request->guess, status, page, bytes, err);
}
