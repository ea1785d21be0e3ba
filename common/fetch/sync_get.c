#include "fetch/sync_get.h"

#include <stdlib.h>

#include "fetch/sync_work.h"

/* One round of requests: for wanted[i] the entry of that number. */
struct round {
    struct ot_plan *plan;
    struct ot_work *work; /* judges what arrives */
    const struct ot_sync_options *options;
    size_t *wanted;
    const char **ids;
    size_t count;
    size_t *again; /* entries whose answer came without content */
    size_t again_count;
    size_t missing;
    size_t done, total; /* of all rounds, for the progress */
};

static enum ot_status take_answer(void *arg, size_t i, enum ot_status status,
                                  const struct ot_api_cert *cert, struct ot_error *err)
{
    struct round *round = arg;
    size_t at = round->wanted[i];

    if (status == OT_E_NOT_FOUND) {
        round->plan->entries[at].is_missing = true;
        round->missing++;
    } else if (status != OT_OK) {
        return status;
    } else if (cert->content == NULL) {
        round->again[round->again_count++] = at;
        return OT_OK;
    } else {
        status = ot_work_put(round->work, at, cert->content, err);
        if (status != OT_OK)
            return status;
    }
    round->done++;
    if (round->options->progress != NULL)
        round->options->progress(round->options->arg, "get", round->done, round->total);
    return OT_OK;
}

static enum ot_status run_round(struct round *round, struct ot_api *api,
                                struct ot_error *err)
{
    for (size_t i = 0; i < round->count; i++)
        round->ids[i] = round->plan->entries[round->wanted[i]].item->id;
    round->again_count = 0;
    if (round->count == 0)
        return OT_OK;
    return ot_api_get_many(api, round->ids, round->count, take_answer, round, err);
}

/* What answered without content is asked for once more. */
static enum ot_status run_rounds(struct round *round, struct ot_api *api,
                                 struct ot_error *err)
{
    enum ot_status status = run_round(round, api, err);
    size_t *swap = round->wanted;

    if (status != OT_OK || round->again_count == 0)
        return status;
    round->wanted = round->again;
    round->count = round->again_count;
    round->again = swap;
    status = run_round(round, api, err);
    if (status == OT_OK && round->again_count > 0)
        return ot_error_set(err, OT_E_PROTOCOL,
                            "certificate %s comes without its content, twice",
                            round->plan->entries[round->again[0]].item->id);
    return status;
}

/* Deleted between the listing and our request, or an API that contradicts itself. */
static enum ot_status confirm_missing(struct ot_plan *plan, struct ot_api *api,
                                      const struct ot_sync_options *options,
                                      struct ot_error *err)
{
    struct ot_listing second;
    enum ot_status status = ot_listing_fetch(&second, api, options, err);

    if (status != OT_OK)
        return status;
    for (size_t i = 0; status == OT_OK && i < plan->count; i++)
        if (plan->entries[i].is_missing &&
            ot_listing_find(&second, plan->entries[i].item->id) != NULL)
            status =
                ot_error_set(err, OT_E_PROTOCOL,
                             "certificate %s is listed and cannot be fetched: the API "
                             "answers that there is no such certificate",
                             plan->entries[i].item->id);
    ot_listing_clear(&second);
    return status;
}

enum ot_status ot_plan_fetch(struct ot_plan *plan, struct ot_api *api,
                             const struct ot_sync_options *options, struct ot_error *err)
{
    struct round round = {.plan = plan, .options = options};
    enum ot_status status = OT_OK;

    for (size_t i = 0; i < plan->count; i++)
        round.count += !plan->entries[i].is_known;
    if (round.count == 0)
        return OT_OK;
    round.total = round.count;
    round.wanted = calloc(round.count, sizeof(*round.wanted));
    round.again = calloc(round.count, sizeof(*round.again));
    round.ids = calloc(round.count, sizeof(*round.ids));
    if (round.wanted == NULL || round.again == NULL || round.ids == NULL) {
        status = ot_error_nomem(err);
        goto out;
    }
    for (size_t i = 0, n = 0; i < plan->count; i++)
        if (!plan->entries[i].is_known)
            round.wanted[n++] = i;
    status = ot_work_new(&round.work, plan, round.count, err);
    if (status == OT_OK)
        status = run_rounds(&round, api, err);
    if (status == OT_OK)
        status = ot_work_finish(round.work, err);
    if (status == OT_OK && round.missing > 0)
        status = confirm_missing(plan, api, options, err);
out:
    ot_work_free(round.work);
    free(round.wanted);
    free(round.again);
    free(round.ids);
    return status;
}
