#include "sync/sync_crawl_internal.h"

#include "api/api.h"
#include "api/api_cert.h"
#include "base/clock.h"
#include "http/http.h"
#include "sync/sync_confirm_internal.h"
#include "sync/sync_content_internal.h"
#include "sync/sync_crawler_internal.h"
#include "sync/sync_found_internal.h"
#include "sync/sync_options.h"
#include "sync/sync_pages_internal.h"
#include "sync/sync_wanted_internal.h"
#include "sync/sync_work_internal.h"

/* After what came first, what has come is kept for another attempt so often: a sync that
 * is killed loses little. */
#define KEEP_AGAIN_MS 500

static void want_request(void *arg, size_t i, struct ot_api_wanted *wanted)
{
    struct ot_crawler *crawler = arg;
    const struct ot_crawler_request *request = &crawler->requests[i];

    if (request->content != NULL && request->content->beside != NULL)
        wanted->ids = ot_together_ids(&crawler->together, request->content);
    else if (request->content != NULL)
        wanted->id = request->content->id;
    else
        ot_pages_want(crawler, request, wanted);
}

static enum ot_status take_page(void *arg, size_t i, enum ot_status status,
                                struct ot_api_page *page, size_t bytes,
                                struct ot_error *err)
{
    struct ot_crawler *crawler = arg;
    const struct ot_crawler_request request = crawler->requests[i]; /* more may move it */
    const size_t before = crawler->count;

    status = ot_pages_take(crawler, &request, status, page, bytes, err);
    ot_work_wake(crawler->work);
    if (status == OT_OK)
        ot_api_read_more(crawler->api, crawler->count - before);
    return status;
}

static enum ot_status take_cert(void *arg, size_t i, enum ot_status status,
                                const struct ot_api_cert *cert, struct ot_error *err)
{
    struct ot_crawler *crawler = arg;

    status = ot_wanted_take(crawler, crawler->requests[i].content, status, cert, err);
    ot_work_wake(crawler->work);
    return status;
}

static enum ot_status take_certs(void *arg, size_t i, enum ot_status status,
                                 struct ot_api_page *page, struct ot_error *err)
{
    struct ot_crawler *crawler = arg;

    status =
        ot_wanted_take_several(crawler, crawler->requests[i].content, status, page, err);
    ot_work_wake(crawler->work);
    return status;
}

static void keep_now_and_then(void *arg)
{
    struct ot_crawler *crawler = arg;
    int64_t now = ot_clock_ms();

    if (now < crawler->keep_at_ms)
        return;
    crawler->crawl->checked = ot_work_checked(crawler->work);
    ot_crawl_keep(crawler->crawl, crawler->partial);
    crawler->keep_at_ms = now + KEEP_AGAIN_MS;
}

static enum ot_status read_pages(struct ot_crawler *crawler, struct ot_error *err)
{
    const struct ot_api_reader reader = {want_request, take_page, take_cert, take_certs,
                                         crawler};
    struct ot_http *http = ot_api_http(crawler->api);
    enum ot_status status = ot_pages_begin(crawler, err);

    if (status != OT_OK)
        return status;
    ot_http_set_pulse(http, keep_now_and_then, crawler);
    status = ot_api_read(crawler->api, &reader, crawler->count, err);
    ot_http_set_pulse(http, NULL, NULL);
    return status;
}

static enum ot_status walk_all(void *arg, struct ot_pass *pass, struct ot_error *err)
{
    struct ot_crawler crawler = *(const struct ot_crawler *)arg;
    enum ot_status status = ot_crawler_begin(&crawler, pass, err);

    if (status != OT_OK)
        return status;
    status = ot_crawler_end(&crawler, read_pages(&crawler, err), err);
    if (status == OT_OK && crawler.crawl->listing.inherits &&
        !crawler.crawl->is_unchanged)
        status = ot_confirm_loss(&crawler, err);
    if (status == OT_E_PROTOCOL && pass->guessed)
        pass->again = true; /* it may be a guess that the API took amiss */
    if (status != OT_OK) {
        ot_crawl_keep(crawler.crawl, crawler.partial);
        ot_crawl_drop_contents(crawler.crawl);
    }
    return status;
}

/* Whether a certificate that is listed could not be fetched. */
static bool lacks_content(const struct ot_crawl *crawl)
{
    for (size_t i = 0; !crawl->is_unchanged && i < crawl->listing.count; i++)
        if (crawl->contents[i] != NULL && crawl->contents[i]->is_missing)
            return true;
    return false;
}

enum ot_status ot_crawl(struct ot_crawl *out, struct ot_api *api, struct ot_snapshot *old,
                        struct ot_partial *partial, const struct ot_earlier *before,
                        const struct ot_limits *limits,
                        const struct ot_sync_options *options, struct ot_error *err)
{
    struct ot_crawler crawler = {.crawl = out,
                                 .api = api,
                                 .old = old,
                                 .partial = partial,
                                 .before = before,
                                 .limits = limits,
                                 .options = options};
    enum ot_status status;

    *out = (struct ot_crawl){0};
    status =
        ot_listing_read(&out->listing, ot_api_inherits(api), walk_all, &crawler, err);
    if (status != OT_OK || !lacks_content(out))
        return status;
    out->now.tag[0] = '\0'; /* it lists what is not there */
    return ot_confirm_missing(&crawler, err);
}
