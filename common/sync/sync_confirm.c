#include "sync/sync_confirm_internal.h"

#include "api/api_cert.h"
#include "base/span.h"
#include "snapshot/record.h"
#include "snapshot/snapshot.h"
#include "sync/sync_content_internal.h"
#include "sync/sync_crawler_internal.h"
#include "sync/sync_found_internal.h"

/* Whether something that was trusted is active in neither list now. */
static enum ot_status look_for_loss(const struct ot_crawler *crawler, bool *is_lost,
                                    struct ot_error *err)
{
    const struct ot_listing *listing = &crawler->crawl->listing;
    size_t kept = 0;

    *is_lost = false;
    if (crawler->old == NULL)
        return OT_OK;
    for (size_t i = 0; i < listing->count; i++) {
        const uint32_t flags = OT_RECORD_ACTIVE | OT_RECORD_QUARANTINED;
        struct ot_record record;
        bool found;
        enum ot_status status = ot_snapshot_find_id(
            crawler->old, ot_span_str(listing->certs[i].id), &record, &found, err);

        if (status != OT_OK)
            return status;
        kept += found && (record.flags & flags) == OT_RECORD_ACTIVE &&
                listing->certs[i].active;
    }
    *is_lost = kept < ot_snapshot_info(crawler->old)->active;
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
enum ot_status ot_confirm_loss(const struct ot_crawler *crawler, struct ot_error *err)
{
    struct ot_listing now;
    bool is_lost, repeats;
    enum ot_status status = look_for_loss(crawler, &is_lost, err);

    if (status != OT_OK || !is_lost)
        return status;
    status = ot_listing_fetch(&now, crawler->api, crawler->options, err);
    if (status != OT_OK)
        return status;
    repeats = repeats_scope(&crawler->crawl->listing, &now);
    ot_listing_clear(&now);
    if (repeats)
        return OT_OK;
    crawler->pass->again = true;
    return ot_error_set(err, OT_E_PROTOCOL,
                        "the project's list is another one after the organization's was "
                        "read");
}

/* Deleted between the listing and our request, or an API that contradicts itself. */
enum ot_status ot_confirm_missing(const struct ot_crawler *crawler, struct ot_error *err)
{
    const struct ot_crawl *crawl = crawler->crawl;
    struct ot_listing second;
    enum ot_status status =
        ot_listing_fetch_joined(&second, crawler->api, crawler->options, err);

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
