#include "sync/sync_crawler_internal.h"

#include <stdlib.h>

#include "base/clock.h"
#include "sync/sync_earlier_internal.h"
#include "sync/sync_found_internal.h"
#include "sync/sync_partial_internal.h"
#include "sync/sync_work_internal.h"

/* What has come is kept for another attempt after so long: a sync that goes well is over
 * by then. */
#define KEEP_FIRST_MS 2000

enum ot_status ot_crawler_begin(struct ot_crawler *crawler, struct ot_pass *pass,
                                struct ot_error *err)
{
    enum ot_status status = ot_work_new(&crawler->work, err);

    if (status != OT_OK)
        return status;
    crawler->pass = pass;
    pass->known = &crawler->crawl->now;
    ot_earlier_clear(pass->known);
    status =
        ot_guesses_init(&crawler->guesses, pass->may_guess ? crawler->before : NULL, err);
    if (status != OT_OK) {
        ot_work_free(crawler->work);
        return status;
    }
    crawler->keep_at_ms = ot_clock_ms() + KEEP_FIRST_MS;
    ot_partial_load(crawler->partial);
    return OT_OK;
}

enum ot_status ot_crawler_end(struct ot_crawler *crawler, enum ot_status status,
                              struct ot_error *err)
{
    enum ot_status checked = ot_work_finish(crawler->work, status == OT_OK ? err : NULL);

    crawler->crawl->checked = ot_work_checked(crawler->work);
    ot_work_free(crawler->work);
    ot_guesses_clear(&crawler->guesses);
    free(crawler->requests);
    return status == OT_OK ? checked : status;
}

enum ot_status ot_crawler_add(struct ot_crawler *crawler,
                              struct ot_crawler_request request, struct ot_error *err)
{
    if (crawler->count == crawler->capacity) {
        size_t capacity =
            crawler->capacity > 0 ? 2 * crawler->capacity : 4 * OT_PAGE_LIMIT;
        struct ot_crawler_request *requests =
            realloc(crawler->requests, capacity * sizeof(*requests));

        if (requests == NULL)
            return ot_error_nomem(err);
        crawler->requests = requests;
        crawler->capacity = capacity;
    }
    crawler->requests[crawler->count++] = request;
    return OT_OK;
}
