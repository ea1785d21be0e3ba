#include "cache/cache.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/guard.h"
#include "base/limits.h"
#include "base/text.h"
#include "cache/freshness.h"
#include "cache/refresh_internal.h"
#include "cache/state.h"
#include "config/source.h"
#include "config/source_path.h"
#include "snapshot/snapshot.h"

struct ot_cache {
    const struct ot_source *source;
    char *path, *scope;
    struct ot_guard guard;
    struct ot_snapshot *snapshot; /* guarded; NULL: none has been usable yet */
    atomic_uint changes;          /* of it; counted behind the change */
    _Atomic int64_t seen_at;      /* its file's time as last looked at */
    struct ot_refresh refresh;
};

/* What a look at the file gives. */
struct view {
    struct ot_snapshot *snapshot; /* a reference, or NULL */
    int64_t seen_at;
    bool healthy; /* the snapshot is what the file holds now */
};

static enum ot_status fill_paths(struct ot_cache *cache, struct ot_error *err)
{
    char path[PATH_MAX];
    enum ot_status status = ot_source_path(path, cache->source, OT_SOURCE_SNAPSHOT, err);

    if (status != OT_OK)
        return status;
    cache->path = strdup(path);
    cache->scope = ot_source_scope(cache->source);
    return cache->path != NULL && cache->scope != NULL ? OT_OK : ot_error_nomem(err);
}

enum ot_status ot_cache_new(struct ot_cache **out, const struct ot_source *source,
                            struct ot_error *err)
{
    struct ot_cache *cache = calloc(1, sizeof(*cache));
    enum ot_status status;

    *out = NULL;
    if (cache == NULL)
        return ot_error_nomem(err);
    cache->source = source;
    status = fill_paths(cache, err);
    if (status != OT_OK) {
        ot_cache_free(cache);
        return status;
    }
    cache->refresh.source = source;
    *out = cache;
    return OT_OK;
}

void ot_cache_free(struct ot_cache *cache)
{
    if (cache == NULL)
        return;
    ot_snapshot_unref(cache->snapshot);
    free(cache->path);
    free(cache->scope);
    free(cache);
}

const struct ot_source *ot_cache_source(const struct ot_cache *cache)
{
    return cache->source;
}

struct ot_snapshot *ot_cache_known(struct ot_cache *cache)
{
    struct ot_snapshot *snapshot;

    ot_guard_take(&cache->guard);
    snapshot = cache->snapshot != NULL ? ot_snapshot_ref(cache->snapshot) : NULL;
    ot_guard_drop(&cache->guard);
    return snapshot;
}

unsigned ot_cache_changes(const struct ot_cache *cache)
{
    return atomic_load_explicit(&cache->changes, memory_order_acquire);
}

/* Makes a newly mapped snapshot the current one, unless another thread was quicker; gives
 * back a reference to the one that is. */
static struct ot_snapshot *
publish_mapping(struct ot_cache *cache, struct ot_snapshot *fresh, const struct stat *st)
{
    struct ot_snapshot *surplus;

    ot_guard_take(&cache->guard);
    if (cache->snapshot != NULL && ot_snapshot_is_file(cache->snapshot, st)) {
        surplus = fresh;
        fresh = cache->snapshot;
    } else {
        surplus = cache->snapshot;
        cache->snapshot = fresh;
        atomic_fetch_add(&cache->changes, 1);
    }
    ot_snapshot_ref(fresh);
    ot_guard_drop(&cache->guard);
    ot_snapshot_unref(surplus);
    return fresh;
}

/* For who asks for what is known without a look, too. */
static void forget_mapping(struct ot_cache *cache, struct ot_snapshot *spoilt)
{
    bool is_known;

    ot_guard_take(&cache->guard);
    is_known = cache->snapshot == spoilt;
    if (is_known) {
        cache->snapshot = NULL;
        atomic_fetch_add(&cache->changes, 1);
    }
    ot_guard_drop(&cache->guard);
    if (is_known)
        ot_snapshot_unref(spoilt);
}

static bool is_mapped(struct ot_snapshot *snapshot, const struct stat *st)
{
    return snapshot != NULL && ot_snapshot_is_file(snapshot, st);
}

/* Whether somebody could change the file under our feet, who could not when it was
 * mapped. Only root can change its owner. */
static bool is_exposed(const struct stat *st)
{
    return !S_ISREG(st->st_mode) || (st->st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

static enum ot_status stat_failed(const struct ot_cache *cache, struct ot_error *err)
{
    if (errno == ENOENT || errno == ENOTDIR)
        return ot_error_set(err, OT_E_NO_SNAPSHOT, "there is no snapshot %s yet",
                            cache->path);
    return ot_error_errno(err, OT_E_IO, errno, "cannot examine %s", cache->path);
}

/* What was written under other limits than the configuration has is not handed out. A
 * thread is not cancelled in here, nor where a state is read: descriptors would stay
 * open, and the host for ever in what it has called us by. */
static enum ot_status open_allowed(const struct ot_cache *cache, struct ot_snapshot **out,
                                   struct ot_error *err)
{
    enum ot_status status;
    int cancel;

    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
    status = ot_snapshot_open(out, cache->path, cache->scope, err);
    pthread_setcancelstate(cancel, NULL);
    if (status == OT_OK)
        status = ot_snapshot_check_limits(*out, ot_source_limits(cache->source), err);
    if (status == OT_OK)
        return OT_OK;
    ot_snapshot_unref(*out);
    *out = NULL;
    return status;
}

/* The file as it is now, mapped: what is there already (known, a reference of the
 * caller's, who keeps it) or a new mapping. One stat when nothing has changed. */
static enum ot_status load_newest(struct ot_cache *cache, struct ot_snapshot *known,
                                  struct view *view, struct ot_error *err)
{
    struct ot_snapshot *snapshot = known;
    enum ot_status status = OT_OK;
    struct stat st = {0};

    for (int i = 0; i < OT_RELOADS_MAX; i++) {
        if (lstat(cache->path, &st) != 0) {
            status = stat_failed(cache, err);
            break;
        }
        if (is_mapped(snapshot, &st) && !is_exposed(&st))
            break;
        if (snapshot != known)
            ot_snapshot_unref(snapshot);
        /* Named by path, so it may be a newer one than was looked at: hence again. */
        status = open_allowed(cache, &snapshot, err);
        if (status != OT_OK)
            break;
    }
    if (status != OT_OK) {
        if (snapshot != known)
            ot_snapshot_unref(snapshot);
        if (known != NULL && ot_snapshot_is_spoilt(known, &st)) {
            forget_mapping(cache, known);
            return status;
        }
        /* What others can write now must not be served from the mapping either. */
        if (is_mapped(known, &st) && is_exposed(&st))
            return status;
        view->snapshot = known != NULL ? ot_snapshot_ref(known) : NULL;
        view->seen_at = atomic_load(&cache->seen_at);
        return status;
    }
    view->healthy = true;
    view->seen_at = (int64_t)st.st_mtim.tv_sec;
    atomic_store(&cache->seen_at, view->seen_at);
    view->snapshot = snapshot == known ? ot_snapshot_ref(known)
                                       : publish_mapping(cache, snapshot, &st);
    return OT_OK;
}

static enum ot_status look_for_snapshot(struct ot_cache *cache, struct view *view,
                                        struct ot_error *err)
{
    struct ot_snapshot *known = ot_cache_known(cache);
    enum ot_status status;

    *view = (struct view){0};
    status = load_newest(cache, known, view, err);
    ot_snapshot_unref(known);
    return status;
}

static enum ot_status refuse_expired(const struct ot_cache *cache,
                                     const struct ot_freshness *freshness,
                                     struct ot_error *err)
{
    char age[OT_TEXT_SPAN_MAX];

    return ot_error_set(err, OT_E_EXPIRED,
                        "the snapshot of source '%s' was last confirmed %s ago, longer "
                        "than max_stale allows",
                        cache->source->name, ot_text_span(age, freshness->age_s));
}

/* Hands out a view if it is usable; starts a refresh if it is not the newest. */
static enum ot_status give_view(struct ot_cache *cache, unsigned flags,
                                enum ot_status status, const struct view *view,
                                struct ot_snapshot **out, struct ot_error *err)
{
    struct ot_freshness freshness;

    if (view->snapshot == NULL)
        return status;
    freshness = ot_freshness_of(cache->source, view->seen_at, (int64_t)time(NULL));
    if (freshness.expired) {
        ot_snapshot_unref(view->snapshot);
        return view->healthy ? refuse_expired(cache, &freshness, err) : status;
    }
    if ((flags & OT_CACHE_REFRESH) && (freshness.stale || !view->healthy))
        ot_refresh_start(&cache->refresh);
    *out = view->snapshot;
    return OT_OK;
}

/* Whether a sync would mend it. It does not touch what is unsafe, and does not find more
 * memory or descriptors. */
static bool is_curable(enum ot_status status)
{
    return status == OT_E_NO_SNAPSHOT || status == OT_E_EXPIRED ||
           status == OT_E_CORRUPT || status == OT_E_SCOPE;
}

static enum ot_status read_last_state(const struct ot_cache *cache,
                                      struct ot_state *state)
{
    enum ot_status status;
    int cancel;

    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
    status = ot_state_of(state, cache->source, NULL);
    pthread_setcancelstate(cancel, NULL);
    return status;
}

/* Adds to the sentence why there is nothing, if a sync has failed, and what to do. */
static enum ot_status explain_absence(const struct ot_cache *cache, enum ot_status status,
                                      struct ot_error *err)
{
    const char *name = cache->source->name;
    bool is_default = strcmp(name, "default") == 0;
    char what[OT_ERROR_MAX * 3 / 8], why[OT_ERROR_MAX / 2];
    struct ot_state state;

    if (err == NULL || !is_curable(status))
        return status;
    if (status == OT_E_NO_SNAPSHOT)
        ot_error_set(err, status, "no snapshot of source '%s' yet", name);
    ot_text_escape(what, sizeof(what), err->message, strlen(err->message));
    if (read_last_state(cache, &state) != OT_OK || state.failures == 0)
        return ot_error_set(err, status, "%s; run 'orgtrust sync%s%s'", what,
                            is_default ? "" : " --source ", is_default ? "" : name);
    ot_text_escape(why, sizeof(why), state.last.message, strlen(state.last.message));
    return ot_error_set(err, status,
                        "%s: the last sync failed: %s; run 'orgtrust sync%s%s'", what,
                        why, is_default ? "" : " --source ", is_default ? "" : name);
}

enum ot_status ot_cache_get(struct ot_cache *cache, unsigned flags,
                            struct ot_snapshot **out, struct ot_error *err)
{
    enum ot_status status;
    struct view view;

    *out = NULL;
    status = look_for_snapshot(cache, &view, err);
    status = give_view(cache, flags, status, &view, out, err);
    if (is_curable(status) && (flags & OT_CACHE_WAIT)) {
        ot_refresh_wait(&cache->refresh);
        status = look_for_snapshot(cache, &view, err);
        status = give_view(cache, flags, status, &view, out, err);
    } else if (is_curable(status) && (flags & OT_CACHE_REFRESH)) {
        ot_refresh_start(&cache->refresh);
    }
    if (status != OT_OK)
        return explain_absence(cache, status, err);
    ot_error_clear(err);
    return OT_OK;
}
