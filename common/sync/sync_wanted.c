#include "sync/sync_wanted_internal.h"

#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/api_cert.h"
#include "api/extra.h"
#include "base/span.h"
#include "snapshot/record.h"
#include "snapshot/snapshot.h"
#include "sync/sync_content_internal.h"
#include "sync/sync_crawler_internal.h"
#include "sync/sync_found_internal.h"
#include "sync/sync_options.h"
#include "sync/sync_partial_internal.h"
#include "sync/sync_work_internal.h"

static enum ot_status count_bytes(struct ot_crawler *crawler, size_t bytes,
                                  struct ot_error *err)
{
    crawler->bytes += bytes;
    if (crawler->bytes <= OT_CONTENTS_BYTES_MAX)
        return OT_OK;
    return ot_error_set(err, OT_E_PROTOCOL,
                        "the certificates are longer than %u bytes together, after %zu "
                        "of them",
                        OT_CONTENTS_BYTES_MAX, crawler->done);
}

/* What an earlier attempt has fetched is checked anew, as if it had just come. */
static enum ot_status take_kept(struct ot_crawler *crawler, struct ot_content *content,
                                struct ot_span der, struct ot_error *err)
{
    enum ot_status status = count_bytes(crawler, der.len, err);

    content->is_kept = true;
    return status == OT_OK ? ot_work_put_der(crawler->work, content, der, err) : status;
}

/* For content and those beside it. */
static enum ot_status ask_for(struct ot_crawler *crawler, struct ot_content *content,
                              struct ot_error *err)
{
    const struct ot_crawler_request request = {content, OT_GUESS_NONE};

    return ot_crawler_add(crawler, request, err);
}

/* For each of these by itself. */
static enum ot_status ask_singly(struct ot_crawler *crawler, struct ot_content *contents,
                                 struct ot_error *err)
{
    enum ot_status status = OT_OK;

    while (contents != NULL && status == OT_OK) {
        struct ot_content *next = contents->beside;

        contents->beside = NULL;
        status = ask_for(crawler, contents, err);
        contents = next;
    }
    return status;
}

/* For all that are together, in one request where the API takes that. */
static enum ot_status ask_for_gathered(struct ot_crawler *crawler, struct ot_error *err)
{
    struct ot_content *contents = ot_together_end(&crawler->together);

    if (contents == NULL)
        return OT_OK;
    if (crawler->asks_singly || !ot_api_gives_contents(crawler->api))
        return ask_singly(crawler, contents, err);
    return ask_for(crawler, contents, err);
}

static enum ot_status gather_content(struct ot_crawler *crawler,
                                     struct ot_content *content, struct ot_error *err)
{
    enum ot_status status = OT_OK;

    if (!ot_together_has_room(&crawler->together, content))
        status = ask_for_gathered(crawler, err);
    ot_together_add(&crawler->together, content);
    return status;
}

/* Whether old lacks the content of an item. What its own answer says may change, as its
 * content may not; where that restricts it, it is asked for each time. */
static enum ot_status look_into_old(const struct ot_crawler *crawler,
                                    const struct ot_api_cert *item, bool *lacks,
                                    bool *found, struct ot_error *err)
{
    struct ot_record record;
    enum ot_status status = OT_OK;

    *found = false;
    if (crawler->old != NULL)
        status =
            ot_snapshot_find_id(crawler->old, ot_span_str(item->id), &record, found, err);
    *lacks = !*found || ot_extra_restriction(record.field[OT_FIELD_EXTRA]).data != NULL;
    return status;
}

/* One that was asked for early is so no more; NULL: it was not. */
static struct ot_content *take_early(struct ot_crawl *crawl,
                                     const struct ot_api_cert *item)
{
    for (size_t i = 0; i < crawl->early_count; i++) {
        struct ot_content *content = crawl->early[i];

        if (strcmp(content->id, item->id) != 0 || content->created_at != item->created_at)
            continue;
        crawl->early[i] = crawl->early[--crawl->early_count];
        return content;
    }
    return NULL;
}

/* Asks for the content of an item where it is lacking; NULL: it is not. */
static enum ot_status want_content(struct ot_crawler *crawler,
                                   const struct ot_api_cert *item,
                                   struct ot_content **content, struct ot_error *err)
{
    bool lacks, found;
    enum ot_status status = look_into_old(crawler, item, &lacks, &found, err);
    struct ot_span der;

    *content = status == OT_OK && lacks ? take_early(crawler->crawl, item) : NULL;
    if (status != OT_OK || !lacks || *content != NULL)
        return status;
    status = ot_content_new(content, item->id, item->created_at, crawler->limits, err);
    if (status == OT_OK && !found &&
        ot_partial_find(crawler->partial, item->id, item->created_at, &der))
        return take_kept(crawler, *content, der, err);
    if (status == OT_OK)
        status = gather_content(crawler, *content, err);
    crawler->total += status == OT_OK;
    return status;
}

enum ot_status ot_wanted_listed(struct ot_crawler *crawler, struct ot_error *err)
{
    struct ot_crawl *crawl = crawler->crawl;
    enum ot_status status = ot_crawl_make_room(crawl, err);

    for (; status == OT_OK && crawler->known < crawl->listing.count; crawler->known++)
        status = want_content(crawler, &crawl->listing.certs[crawler->known],
                              &crawl->contents[crawler->known], err);
    return status == OT_OK ? ask_for_gathered(crawler, err) : status;
}

enum ot_status ot_wanted_early(struct ot_crawler *crawler, const struct ot_api_page *page,
                               struct ot_error *err)
{
    struct ot_crawl *crawl = crawler->crawl;
    enum ot_status status = OT_OK;

    for (size_t i = 0; status == OT_OK && i < page->count; i++) {
        const struct ot_api_cert *item = &page->certs[i];
        struct ot_content *content;

        if (crawl->early_count == OT_EARLY_MAX)
            break;
        if (ot_listing_find(&crawl->listing, item->id) != NULL)
            continue;
        status = want_content(crawler, item, &content, err);
        if (content != NULL)
            crawl->early[crawl->early_count++] = content;
    }
    return status == OT_OK ? ask_for_gathered(crawler, err) : status;
}

static enum ot_status ask_again(struct ot_crawler *crawler, struct ot_content *content,
                                struct ot_error *err)
{
    enum ot_status status;

    if (content->is_asked_again)
        return ot_error_set(err, OT_E_PROTOCOL,
                            "certificate %s comes without its content, twice",
                            content->id);
    content->is_asked_again = true;
    status = ask_for(crawler, content, err);
    if (status == OT_OK)
        ot_api_read_more(crawler->api, 1);
    return status;
}

static enum ot_status keep_extra(struct ot_content *content, const char *extra,
                                 struct ot_error *err)
{
    free(content->extra);
    content->extra = extra != NULL ? strdup(extra) : NULL;
    return extra == NULL || content->extra != NULL ? OT_OK : ot_error_nomem(err);
}

enum ot_status ot_wanted_take(struct ot_crawler *crawler, struct ot_content *content,
                              enum ot_status status, const struct ot_api_cert *cert,
                              struct ot_error *err)
{
    const struct ot_sync_options *options = crawler->options;

    if (status == OT_E_NOT_FOUND) {
        content->is_missing = true;
        status = OT_OK;
    } else if (status == OT_OK && cert->content == NULL) {
        return ask_again(crawler, content, err);
    } else if (status == OT_OK) {
        status = keep_extra(content, cert->extra, err);
        if (status == OT_OK)
            status = count_bytes(crawler, strlen(cert->content), err);
    }
    if (status == OT_OK && !content->is_missing)
        status = ot_work_put(crawler->work, content, cert->content, err);
    if (status != OT_OK)
        return status;
    crawler->done++;
    if (options->progress != NULL)
        options->progress(options->arg, "get", crawler->done, crawler->total);
    return OT_OK;
}

/* Whether the answer says nothing of the certificates, but that they are not to be had in
 * this way: of something in between, say, that does not know it. */
static bool is_refusal_of_several(enum ot_status status)
{
    return status == OT_E_NOT_FOUND || status == OT_E_REFUSED ||
           status == OT_E_FORBIDDEN || status == OT_E_PROTOCOL;
}

enum ot_status ot_wanted_take_several(struct ot_crawler *crawler,
                                      struct ot_content *contents, enum ot_status status,
                                      const struct ot_api_page *page,
                                      struct ot_error *err)
{
    size_t before;

    if (is_refusal_of_several(status)) {
        ot_error_clear(err);
        crawler->asks_singly = true;
        status = OT_OK;
    }
    for (size_t i = 0; status == OT_OK && i < page->count; i++) {
        const struct ot_api_cert *cert = &page->certs[i];
        struct ot_content *content = ot_together_take(&contents, cert->id);

        if (content != NULL)
            status = ot_wanted_take(crawler, content, OT_OK, cert, err);
    }
    before = crawler->count;
    if (status == OT_OK)
        status = ask_singly(crawler, contents, err);
    if (status == OT_OK)
        ot_api_read_more(crawler->api, crawler->count - before);
    return status;
}
