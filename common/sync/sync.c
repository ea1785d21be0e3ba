#include "sync/sync.h"

#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "api/api.h"
#include "api/extra.h"
#include "api/own_key.h"
#include "base/limits.h"
#include "config/config.h"
#include "config/source.h"
#include "files/file.h"
#include "files/file_lock.h"
#include "files/path.h"
#include "http/http.h"
#include "http/key.h"
#include "memory/account.h"
#include "snapshot/record.h"
#include "snapshot/snapshot.h"
#include "sync/snapshot_write.h"
#include "sync/sync_attempt_internal.h"
#include "sync/sync_crawl_internal.h"
#include "sync/sync_found_internal.h"
#include "sync/sync_list.h"
#include "sync/sync_options.h"
#include "sync/sync_partial_internal.h"
#include "sync/sync_plan_internal.h"

/* How often the hosted API is asked when the key ends. */
#define KEY_END_ASKED_EVERY_S (24 * 60 * 60)

static bool is_sync_stopped(const struct ot_attempt *attempt)
{
    return attempt->options->stop != NULL && *attempt->options->stop != 0;
}

static enum ot_status refuse_interrupted(struct ot_error *err)
{
    return ot_error_set(err, OT_E_INTERRUPTED, "interrupted; nothing was changed");
}

/* Under the lock: whoever has changed the configuration and then syncs waits for us, and
 * what it writes is newer. */
static enum ot_status check_config(const struct ot_attempt *attempt, struct ot_error *err)
{
    if (!attempt->options->is_configured)
        return OT_OK;
    return ot_config_check_source(attempt->source, err);
}

static enum ot_status lock_source(const struct ot_attempt *attempt, int *fd,
                                  struct ot_error *err)
{
    const struct ot_sync_options *options = attempt->options;
    const struct ot_lock_wait how = {.limit_ms = OT_LOCK_WAIT_MS,
                                     .stop = options->stop,
                                     .waits = options->waits,
                                     .arg = options->arg};
    enum ot_status status = ot_file_lock_wait(fd, attempt->lock, &how, err);

    return status == OT_E_INTERRUPTED ? refuse_interrupted(err) : status;
}

/* More than half of what there was is gone, or all of it. */
static bool is_shrunk(size_t before, size_t now)
{
    return now < before - before / 2;
}

/* A list that became empty, or lost more than half, takes the trust of a whole machine
 * away: a second listing must agree, or the caller have said that it is meant. */
static enum ot_status confirm_shrunk(struct ot_attempt *attempt, struct ot_api *api,
                                     const struct ot_listing *first,
                                     const struct ot_snapshot *old, struct ot_error *err)
{
    struct ot_sync_result *result = attempt->result;
    const struct ot_snapshot_info *info = old != NULL ? ot_snapshot_info(old) : NULL;
    struct ot_listing second;
    enum ot_status status;
    bool agrees;

    result->empty_is_sure = result->active == 0 && attempt->options->accept_empty;
    if (info == NULL || attempt->options->accept_empty ||
        !(is_shrunk(info->active, result->active) ||
          is_shrunk(info->total, result->total)))
        return OT_OK;
    status = ot_listing_fetch_joined(&second, api, attempt->options, err);
    if (status != OT_OK)
        return status;
    agrees = ot_listing_equal(first, &second);
    ot_listing_clear(&second);
    result->empty_is_sure = agrees && result->active == 0;
    if (agrees)
        return OT_OK;
    return ot_error_set(
        err, OT_E_EMPTY,
        "the API listed %zu active certificates (of %zu) where there were "
        "%u (of %u), and something else a moment later; nothing was "
        "changed. If it is meant, run orgtrust sync --accept-empty",
        result->active, result->total, info->active, info->total);
}

/* The very file that was verified gets the new time, and nothing is written. */
static bool touch_snapshot(const struct ot_attempt *attempt, struct ot_snapshot *old,
                           int64_t seen_at)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = seen_at}};
    bool done = false;
    struct stat st;
    int fd;

    if (ot_path_open(&fd, attempt->snapshot, OT_SNAPSHOT_BYTES_MAX, NULL) != OT_OK)
        return false;
    if (fstat(fd, &st) == 0 && ot_snapshot_is_file(old, &st))
        done = futimens(fd, times) == 0;
    close(fd);
    return done;
}

static enum ot_status store_plan(struct ot_attempt *attempt, const struct ot_plan *plan,
                                 int64_t seen_at, struct ot_error *err)
{
    enum ot_status status;

    if (is_sync_stopped(attempt))
        return refuse_interrupted(err);
    status = check_config(attempt, err);
    if (status != OT_OK)
        return status;
    if (ot_plan_is_unchanged(plan, attempt->result) &&
        touch_snapshot(attempt, plan->old, seen_at))
        return OT_OK;
    status = ot_snapshot_write(attempt->snapshot, attempt->scope, attempt->limits,
                               plan->records, attempt->result->total, seen_at, err);
    attempt->result->changed = status == OT_OK;
    return status;
}

/* What was kept for another attempt must not take the room that the snapshot needs. */
static enum ot_status store_with_room(struct ot_attempt *attempt,
                                      const struct ot_plan *plan,
                                      struct ot_partial *partial, int64_t seen_at,
                                      struct ot_error *err)
{
    enum ot_status status = store_plan(attempt, plan, seen_at, err);

    if (status != OT_E_NO_SPACE || !ot_partial_remove(partial))
        return status;
    ot_error_clear(err);
    return store_plan(attempt, plan, seen_at, err);
}

/* What the API says of a certificate alone is not in the list, and what restricts one is
 * asked for each time: then there is no tag of all of it. */
static bool is_all_listed(const struct ot_plan *plan, const struct ot_sync_result *result)
{
    for (size_t i = 0; i < result->total; i++)
        if (ot_extra_restriction(plan->records[i].field[OT_FIELD_EXTRA]).data != NULL)
            return false;
    return true;
}

static enum ot_status store_crawl(struct ot_attempt *attempt, struct ot_api *api,
                                  struct ot_snapshot *old, struct ot_partial *partial,
                                  struct ot_crawl *crawl, int64_t seen_at,
                                  struct ot_error *err)
{
    const struct ot_limits *limits = attempt->limits != 0 ? &attempt->limited : NULL;
    struct ot_plan plan = {0};
    enum ot_status status = ot_plan_init(&plan, crawl, old, limits, attempt->limits, err);

    if (status == OT_OK)
        status = ot_plan_finish(&plan, attempt->result, err);
    if (status == OT_OK)
        status = confirm_shrunk(attempt, api, &crawl->listing, old, err);
    if (status == OT_OK)
        status = store_with_room(attempt, &plan, partial, seen_at, err);
    if (status == OT_OK && !is_all_listed(&plan, attempt->result))
        crawl->now.tag[0] = '\0';
    ot_plan_clear(&plan);
    return status;
}

static enum ot_status count_unchanged(struct ot_attempt *attempt, struct ot_snapshot *old,
                                      struct ot_error *err)
{
    struct ot_sync_result *result = attempt->result;
    struct ot_positions all;
    enum ot_status status = ot_snapshot_all(old, &all, err);

    ot_attempt_count_old(attempt, old);
    result->warnings = 0;
    for (uint32_t i = 0; status == OT_OK && i < all.count; i++) {
        struct ot_record record;

        status = ot_snapshot_record(old, &all, i, &record, err);
        result->warnings += status == OT_OK && (record.flags & OT_RECORD_WARNING) != 0;
    }
    result->empty_is_sure = result->active == 0 && attempt->options->accept_empty;
    return status;
}

/* The API says that nothing has changed since the listing of which old was made. */
static enum ot_status confirm_old(struct ot_attempt *attempt, struct ot_snapshot *old,
                                  int64_t seen_at, bool *is_confirmed,
                                  struct ot_error *err)
{
    enum ot_status status;

    if (is_sync_stopped(attempt))
        return refuse_interrupted(err);
    status = check_config(attempt, err);
    if (status == OT_OK)
        status = count_unchanged(attempt, old, err);
    *is_confirmed = status == OT_OK && touch_snapshot(attempt, old, seen_at);
    return status;
}

/* *is_done false, with OT_OK: nothing has changed, but that cannot be written down of the
 * snapshot as it is, and is to be done by a new one. */
static enum ot_status fetch_into(struct ot_attempt *attempt, struct ot_api *api,
                                 struct ot_snapshot *old, struct ot_partial *partial,
                                 bool *is_done, struct ot_error *err)
{
    const struct ot_limits *limits = attempt->limits != 0 ? &attempt->limited : NULL;
    struct ot_crawl crawl;
    int64_t seen_at = time(NULL); /* what changes from now on, this sync may not see */
    enum ot_status status = ot_crawl(&crawl, api, old, partial, &attempt->known, limits,
                                     attempt->options, err);

    *is_done = true;
    if (status == OT_OK && crawl.is_unchanged)
        status = confirm_old(attempt, old, seen_at, is_done, err);
    else if (status == OT_OK)
        status = store_crawl(attempt, api, old, partial, &crawl, seen_at, err);
    attempt->is_unchanged = crawl.is_unchanged;
    if (status == OT_OK) {
        ot_partial_remove(partial);
        attempt->now = crawl.now;
        crawl.now = (struct ot_earlier){.count = 0};
    } else if (status != OT_E_NO_SPACE) {
        ot_crawl_keep(&crawl, partial);
    }
    ot_crawl_clear(&crawl);
    return status;
}

static enum ot_status fetch_with(struct ot_attempt *attempt, struct ot_api *api,
                                 struct ot_snapshot *old, struct ot_error *err)
{
    struct ot_partial *partial;
    bool is_done = true;
    enum ot_status status =
        ot_partial_new(&partial, attempt->partial, attempt->scope, err);

    if (status == OT_OK)
        status = fetch_into(attempt, api, old, partial, &is_done, err);
    if (status == OT_OK && !is_done) {
        attempt->known.tag[0] = '\0';
        status = fetch_into(attempt, api, old, partial, &is_done, err);
    }
    ot_partial_free(partial);
    return status;
}

/* The snapshot is in place, which is what counts: that it cannot be written down what has
 * changed is no failure of the sync. */
static void account_for_sync(struct ot_attempt *attempt, struct ot_snapshot *old)
{
    struct ot_sync_result *result = attempt->result;
    struct ot_error *err = &result->news_unwritten;
    struct ot_snapshot *now = NULL;
    enum ot_status status = OT_OK;

    if (!result->changed)
        now = ot_snapshot_ref(old);
    else
        status = ot_snapshot_open(&now, attempt->snapshot, attempt->scope, err);
    if (status == OT_OK) {
        ot_memory_account(&result->news, attempt->source, now, old, time(NULL), err);
        attempt->now.snapshot = ot_snapshot_info(now)->sum;
        if (!attempt->is_unchanged)
            ot_earlier_write(&attempt->now, &attempt->known, attempt->listing);
    }
    ot_snapshot_unref(now);
}

/* orgtrust-server says unasked when a key ends, that of a relay in between, too. The
 * hosted API lists it, for which the key may lack the right: no failure of a sync. */
static void ask_key_end(struct ot_attempt *attempt, struct ot_api *api,
                        const struct ot_key *key)
{
    int64_t now = time(NULL), asked_at = attempt->key_asked_at;

    if (attempt->options->key != NULL)
        return;
    if (!ot_source_is_hosted(attempt->source)) {
        attempt->key_ends_at = ot_api_key_ends_at(api);
        attempt->key_asked_at = 0;
    } else if (key->secret != NULL &&
               (asked_at > now || now - asked_at >= KEY_END_ASKED_EVERY_S)) {
        ot_api_own_key_end(api, key, &attempt->key_ends_at, NULL);
        attempt->key_asked_at = now;
    }
}

static enum ot_status fetch_and_store(struct ot_attempt *attempt, struct ot_error *err)
{
    struct ot_snapshot *old = NULL;
    struct ot_api *api = NULL;
    struct ot_key own = {0};
    const struct ot_key *key = attempt->options->key;
    enum ot_status status = ot_attempt_open_old(attempt, &old, err);

    if (status == OT_OK && key == NULL) {
        key = &own;
        status = ot_key_load(&own, attempt->source, err);
    }
    if (status == OT_OK)
        status = ot_api_new(&api, attempt->source, key, attempt->options->tuning, err);
    if (status == OT_OK && attempt->options->moment != NULL)
        status = ot_api_want_moment(api, attempt->options->moment, err);
    if (status == OT_OK) {
        ot_attempt_read_earlier(attempt, old);
        ot_http_set_stop(ot_api_http(api), attempt->options->stop);
        status = fetch_with(attempt, api, old, err);
        if (status == OT_OK) {
            attempt->takes_reports = ot_api_takes_reports(api);
            attempt->takes_waits = ot_api_takes_waits(api);
            ask_key_end(attempt, api, key);
        }
        attempt->result->http = ot_http_counts(ot_api_http(api));
        if (status == OT_OK)
            account_for_sync(attempt, old);
        if (status == OT_E_RATE || status == OT_E_SERVER)
            attempt->retry_after_ms = ot_api_retry_after_ms(api);
    }
    ot_key_clear(&own);
    ot_api_free(api);
    ot_snapshot_unref(old);
    return status;
}

/* That somebody's own key is no good says nothing of the source and its key. */
static bool is_about_given_key(const struct ot_attempt *attempt, enum ot_status status)
{
    return attempt->options->key != NULL &&
           (status == OT_E_AUTH || status == OT_E_FORBIDDEN);
}

static enum ot_status sync_locked(struct ot_attempt *attempt, struct ot_error *err)
{
    bool due = false;
    enum ot_status status = check_config(attempt, err);

    if (status == OT_OK)
        status = ot_attempt_check_taken_over(attempt, &due, err);
    if (status == OT_OK && due && attempt->options->if_stale)
        status = ot_attempt_check_due(attempt, &due, err);
    if (status != OT_OK || !due)
        return status;
    ot_file_reap(attempt->snapshot);
    ot_attempt_read_state(attempt);
    status = fetch_and_store(attempt, err);
    if (status == OT_OK) {
        attempt->result->fetched = true;
        if (access(attempt->offline, F_OK) == 0)
            ot_file_remove(attempt->offline, NULL); /* what is new is there for all */
        status = ot_attempt_record_success(attempt, err);
    } else if (status != OT_E_INTERRUPTED && !is_about_given_key(attempt, status) &&
               check_config(attempt, NULL) == OT_OK) {
        ot_attempt_record_failure(attempt, err);
    }
    return status;
}

static enum ot_status sync_source(struct ot_attempt *attempt, struct ot_error *err)
{
    enum ot_status status = ot_attempt_init(attempt, err);
    bool due = true;
    int lock = -1;

    if (status == OT_OK && attempt->options->if_stale)
        status = ot_attempt_check_due(attempt, &due, err);
    if (status != OT_OK || !due)
        return status;
    status = ot_file_make_dir(attempt->source->cache_dir, err);
    if (status == OT_OK)
        status = lock_source(attempt, &lock, err);
    if (status == OT_OK)
        status = sync_locked(attempt, err);
    ot_file_lock_release(lock);
    return status;
}

enum ot_status ot_sync(const struct ot_source *source,
                       const struct ot_sync_options *options,
                       struct ot_sync_result *result, struct ot_error *err)
{
    struct ot_attempt attempt = {.source = source, .options = options, .result = result};
    struct ot_error why =
        OT_ERROR_INIT; /* the state needs it even if the caller does not */
    enum ot_status status;

    memset(result, 0, sizeof(*result));
    status = sync_source(&attempt, &why);
    ot_attempt_clear(&attempt);
    if (status == OT_OK)
        return OT_OK;
    ot_error_prefix(&why, "source '%s'", source->name);
    if (err != NULL)
        *err = why;
    return status;
}
