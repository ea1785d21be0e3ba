#include "fetch/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cache/freshness.h"
#include "cache/path.h"
#include "cache/state.h"
#include "fetch/file.h"
#include "fetch/lock.h"
#include "fetch/snapshot_write.h"
#include "fetch/sync_get.h"
#include "fetch/sync_list.h"
#include "fetch/sync_plan.h"

/* How long to wait for the lock at a time, between looks at the stop flag. */
#define LOCK_SLICE_MS 500

/* One call of ot_sync. */
struct attempt {
    const struct ot_source *source;
    const struct ot_sync_options *options;
    struct ot_sync_result *result;
    char snapshot[PATH_MAX], state[PATH_MAX], lock[PATH_MAX];
    char *scope;
    struct stat before; /* of the snapshot, before the lock was asked for */
    bool was_there;
    int64_t retry_after_ms; /* what the API asked for when it failed; -1: nothing */
};

static enum ot_status attempt_init(struct attempt *attempt, struct ot_error *err)
{
    const struct ot_source *source = attempt->source;
    enum ot_status status;

    attempt->retry_after_ms = -1;
    status = ot_path_of(attempt->snapshot, source, OT_PATH_SNAPSHOT, err);
    if (status == OT_OK)
        status = ot_path_of(attempt->state, source, OT_PATH_STATE, err);
    if (status == OT_OK)
        status = ot_path_of(attempt->lock, source, OT_PATH_LOCK, err);
    if (status != OT_OK)
        return status;
    attempt->scope = ot_path_scope(source);
    if (attempt->scope == NULL)
        return ot_error_nomem(err);
    attempt->was_there = lstat(attempt->snapshot, &attempt->before) == 0;
    return OT_OK;
}

static bool is_stopped(const struct attempt *attempt)
{
    return attempt->options->stop != NULL && *attempt->options->stop != 0;
}

static enum ot_status interrupted(struct ot_error *err)
{
    return ot_error_set(err, OT_E_INTERRUPTED, "interrupted; nothing was changed");
}

/* The snapshot with every byte verified. One that is absent, damaged or of another scope
 * is none: *out is NULL, and what follows makes a new one. */
static enum ot_status open_old(const struct attempt *attempt, struct ot_snapshot **out,
                               struct ot_error *err)
{
    enum ot_status status = ot_snapshot_open(out, attempt->snapshot, attempt->scope, err);

    if (status == OT_OK)
        status = ot_snapshot_verify(*out, err);
    if (status == OT_OK)
        return OT_OK;
    ot_snapshot_unref(*out);
    *out = NULL;
    if (status != OT_E_NO_SNAPSHOT && status != OT_E_CORRUPT)
        return status;
    ot_error_clear(err);
    return OT_OK;
}

static void count_old(const struct ot_snapshot *old, struct ot_sync_result *result)
{
    const struct ot_snapshot_info *info = ot_snapshot_info(old);

    result->total = info->total;
    result->active = info->active;
    result->quarantined = info->quarantined;
}

/* Whether there is a snapshot to use that is not due for a refresh. */
static enum ot_status check_fresh(struct attempt *attempt, bool *fresh,
                                  struct ot_error *err)
{
    struct ot_snapshot *old = NULL;
    enum ot_status status = open_old(attempt, &old, err);
    struct stat st;

    *fresh = false;
    if (old == NULL)
        return status;
    if (lstat(attempt->snapshot, &st) == 0 && ot_snapshot_is_file(old, &st))
        *fresh = !ot_freshness_of(attempt->source, st.st_mtime, time(NULL)).stale;
    if (*fresh)
        count_old(old, attempt->result);
    ot_snapshot_unref(old);
    return OT_OK;
}

/* For a sync only if stale: due, or not (*due false), or held back by an earlier failure,
 * which is then this one's answer too. A failure from the future is another clock's. */
static enum ot_status check_due(struct attempt *attempt, bool *due, struct ot_error *err)
{
    struct ot_state state;
    bool fresh = false;
    enum ot_status status = check_fresh(attempt, &fresh, err);
    int64_t now = time(NULL);

    *due = !fresh;
    if (status != OT_OK || fresh || ot_state_read(&state, attempt->state, NULL) != OT_OK)
        return status;
    if (state.failures == 0 || state.last.status == OT_OK || now >= state.retry_at ||
        state.attempt_at > now + OT_CLOCK_SKEW_S)
        return OT_OK;
    *err = state.last;
    return err->status;
}

/* Whether somebody else finished a sync since we began: a new file, or a new time of the
 * same one (its ctime tells two in one second apart). */
static bool was_synced_meanwhile(const struct attempt *attempt)
{
    const struct stat *before = &attempt->before;
    struct stat now;

    if (lstat(attempt->snapshot, &now) != 0)
        return false;
    return !attempt->was_there || now.st_dev != before->st_dev ||
           now.st_ino != before->st_ino || now.st_ctim.tv_sec != before->st_ctim.tv_sec ||
           now.st_ctim.tv_nsec != before->st_ctim.tv_nsec;
}

/* Takes over the result of a sync that ended while we waited. */
static enum ot_status check_taken_over(struct attempt *attempt, bool *due,
                                       struct ot_error *err)
{
    struct ot_snapshot *snapshot = NULL;
    enum ot_status status;

    *due = true;
    if (attempt->options->own_listing || !was_synced_meanwhile(attempt))
        return OT_OK;
    status = open_old(attempt, &snapshot, err);
    if (snapshot == NULL)
        return status;
    count_old(snapshot, attempt->result);
    ot_snapshot_unref(snapshot);
    *due = false;
    return OT_OK;
}

static enum ot_status make_dir(const struct attempt *attempt, struct ot_error *err)
{
    const char *dir = attempt->source->cache_dir;
    enum ot_status status = ot_path_check_dir(dir, err);

    if (status != OT_E_NOT_FOUND)
        return status;
    ot_error_clear(err);
    status = ot_file_make_dir(dir, err);
    return status == OT_OK ? ot_path_check_dir(dir, err) : status;
}

static enum ot_status take_lock(const struct attempt *attempt, int *fd,
                                struct ot_error *err)
{
    enum ot_status status = OT_E_BUSY;
    bool waited;

    for (int ms = 0; status == OT_E_BUSY && ms < OT_LOCK_WAIT_MS; ms += LOCK_SLICE_MS) {
        if (is_stopped(attempt))
            return interrupted(err);
        ot_error_clear(err);
        status = ot_lock_take(fd, attempt->lock, LOCK_SLICE_MS, &waited, err);
    }
    return status;
}

/* An active list that became empty takes the trust of a whole machine away: a second
 * listing must agree, or the caller have said that it is meant. */
static enum ot_status confirm_empty(struct attempt *attempt, struct ot_api *api,
                                    const struct ot_listing *first,
                                    const struct ot_snapshot *old, struct ot_error *err)
{
    const struct ot_sync_result *result = attempt->result;
    const struct ot_snapshot_info *info = old != NULL ? ot_snapshot_info(old) : NULL;
    struct ot_listing second;
    enum ot_status status;
    bool agrees;

    if (info == NULL || attempt->options->accept_empty ||
        !((info->active > 0 && result->active == 0) ||
          (info->total > 0 && result->total == 0)))
        return OT_OK;
    status = ot_listing_fetch(&second, api, attempt->options, err);
    if (status != OT_OK)
        return status;
    agrees = ot_listing_equal(first, &second);
    ot_listing_clear(&second);
    if (agrees)
        return OT_OK;
    return ot_error_set(err, OT_E_EMPTY,
                        "the API listed no active certificate where there were %u (of "
                        "%u), and something else a moment later; nothing was changed. If "
                        "it is meant, run orgtrust sync --accept-empty",
                        info->active, info->total);
}

/* The very file that was verified gets the new time, and nothing is written. */
static bool touch(const struct attempt *attempt, const struct ot_snapshot *old,
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

static enum ot_status store(struct attempt *attempt, const struct ot_plan *plan,
                            int64_t seen_at, struct ot_error *err)
{
    enum ot_status status;

    if (is_stopped(attempt))
        return interrupted(err);
    if (ot_plan_is_unchanged(plan, attempt->result) && touch(attempt, plan->old, seen_at))
        return OT_OK;
    status = ot_snapshot_write(attempt->snapshot, attempt->scope, plan->records,
                               attempt->result->total, seen_at, err);
    attempt->result->changed = status == OT_OK;
    return status;
}

static enum ot_status fetch_with(struct attempt *attempt, struct ot_api *api,
                                 struct ot_snapshot *old, struct ot_error *err)
{
    struct ot_plan plan = {0};
    struct ot_listing listing;
    int64_t seen_at = time(NULL); /* what changes from now on, this sync may not see */
    enum ot_status status = ot_listing_fetch(&listing, api, attempt->options, err);

    if (status == OT_OK)
        status = ot_plan_init(&plan, &listing, old, err);
    if (status == OT_OK)
        status = ot_plan_fetch(&plan, api, attempt->options, err);
    if (status == OT_OK)
        status = ot_plan_finish(&plan, attempt->result, err);
    if (status == OT_OK)
        status = confirm_empty(attempt, api, &listing, old, err);
    if (status == OT_OK)
        status = store(attempt, &plan, seen_at, err);
    ot_plan_clear(&plan);
    ot_listing_clear(&listing);
    return status;
}

static enum ot_status fetch(struct attempt *attempt, struct ot_error *err)
{
    struct ot_snapshot *old = NULL;
    struct ot_api *api = NULL;
    struct ot_key key = {0};
    enum ot_status status = open_old(attempt, &old, err);

    if (status == OT_OK)
        status = ot_key_load(&key, attempt->source, err);
    if (status == OT_OK)
        status = ot_api_new(&api, attempt->source, &key, attempt->options->tuning, err);
    ot_key_clear(&key);
    if (status == OT_OK) {
        ot_http_set_stop(ot_api_http(api), attempt->options->stop);
        status = fetch_with(attempt, api, old, err);
        attempt->result->http = ot_http_counts(ot_api_http(api));
        if (status == OT_E_RATE || status == OT_E_SERVER)
            attempt->retry_after_ms = ot_api_retry_after_ms(api);
    }
    ot_api_free(api);
    ot_snapshot_unref(old);
    return status;
}

static enum ot_status write_state(const struct attempt *attempt,
                                  const struct ot_state *state, struct ot_error *err)
{
    char text[OT_STATE_BYTES_MAX];
    size_t len = ot_state_format(state, text, sizeof(text));

    return ot_file_replace(attempt->state, text, len, 0644, err);
}

/* A failure to write this down (the disk is full) must not hide what it was about. */
static void record_failure(const struct attempt *attempt, struct ot_state *state,
                           const struct ot_error *why)
{
    int64_t now = time(NULL), wait, asked = attempt->retry_after_ms / 1000;

    if (state->failures < INT_MAX)
        state->failures++;
    wait = ot_freshness_backoff(state->failures);
    if (asked > OT_RETRY_AFTER_SCHEDULE_MAX_S)
        asked = OT_RETRY_AFTER_SCHEDULE_MAX_S;
    state->attempt_at = now;
    state->retry_at = now + (asked > wait ? asked : wait);
    state->last = *why;
    write_state(attempt, state, NULL);
}

/* The first success after failures. Without room for a clean state, none says as much. */
static enum ot_status record_success(const struct attempt *attempt, struct ot_error *err)
{
    const struct ot_state clean = {.attempt_at = time(NULL)};
    enum ot_status status = write_state(attempt, &clean, err);

    if (status == OT_OK || (unlink(attempt->state) != 0 && errno != ENOENT))
        return status;
    ot_error_clear(err);
    return OT_OK;
}

static enum ot_status sync_locked(struct attempt *attempt, struct ot_error *err)
{
    struct ot_state state;
    bool due, state_is_bad;
    enum ot_status status = check_taken_over(attempt, &due, err);

    if (status == OT_OK && due && attempt->options->if_stale)
        status = check_due(attempt, &due, err);
    if (status != OT_OK || !due)
        return status;
    ot_file_reap(attempt->snapshot);
    ot_file_reap(attempt->state);
    state_is_bad = ot_state_read(&state, attempt->state, NULL) != OT_OK;
    status = fetch(attempt, err);
    if (status == OT_OK) {
        attempt->result->fetched = true;
        if (state_is_bad || state.failures > 0 || state.last.status != OT_OK)
            status = record_success(attempt, err);
    } else if (status != OT_E_INTERRUPTED) {
        record_failure(attempt, &state, err);
    }
    return status;
}

static enum ot_status sync_source(struct attempt *attempt, struct ot_error *err)
{
    enum ot_status status = attempt_init(attempt, err);
    bool due = true;
    int lock = -1;

    if (status == OT_OK && attempt->options->if_stale)
        status = check_due(attempt, &due, err);
    if (status != OT_OK || !due)
        return status;
    status = make_dir(attempt, err);
    if (status == OT_OK)
        status = take_lock(attempt, &lock, err);
    if (status == OT_OK)
        status = sync_locked(attempt, err);
    ot_lock_release(lock);
    return status;
}

enum ot_status ot_sync(const struct ot_source *source,
                       const struct ot_sync_options *options,
                       struct ot_sync_result *result, struct ot_error *err)
{
    struct attempt attempt = {.source = source, .options = options, .result = result};
    struct ot_error why =
        OT_ERROR_INIT; /* the state needs it even if the caller does not */
    enum ot_status status;

    memset(result, 0, sizeof(*result));
    status = sync_source(&attempt, &why);
    free(attempt.scope);
    if (status == OT_OK)
        return OT_OK;
    ot_error_prefix(&why, "source '%s'", source->name);
    if (err != NULL)
        *err = why;
    return status;
}
