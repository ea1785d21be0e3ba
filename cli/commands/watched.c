#include "commands/watched_internal.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/limits.h"
#include "cache/freshness.h"
#include "cache/state.h"
#include "commands/source_use.h"
#include "commands/watch_schedule_internal.h"
#include "config/source.h"
#include "config/source_path.h"
#include "files/path.h"
#include "snapshot/snapshot.h"
#include "view/output.h"
#include "view/signals.h"

/* How long after a call at most the sync begins. */
#define CALLED_SPREAD_MS 500.0

int64_t ot_watch_clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t wall_clock_ahead_ms(void)
{
    return (int64_t)time(NULL) * 1000 - ot_watch_clock_ms();
}

/* In [-1, 1). Nothing secret hangs on it; the command has seeded it. */
static double random_jitter(void)
{
    return drand48() * 2.0 - 1.0;
}

/* When the source's snapshot was confirmed. One that cannot be used, above all one that
 * another configuration has left there, is none: 0. */
static int64_t snapshot_seen_at(const struct ot_source *source)
{
    char path[PATH_MAX], *scope = ot_source_scope(source);
    struct ot_snapshot *snapshot = NULL;
    int64_t seen_at = 0;
    struct stat st;

    if (scope != NULL &&
        ot_source_path(path, source, OT_SOURCE_SNAPSHOT, NULL) == OT_OK &&
        ot_snapshot_open(&snapshot, path, scope, NULL) == OT_OK && stat(path, &st) == 0)
        seen_at = st.st_mtime;
    ot_snapshot_unref(snapshot);
    free(scope);
    return seen_at;
}

/* -1: there is none, or its time cannot be believed. */
static int64_t snapshot_age(const struct ot_source *source, int64_t seen_at, int64_t now)
{
    struct ot_freshness freshness;

    if (seen_at == 0)
        return -1;
    freshness = ot_freshness_of(source, seen_at, now);
    return freshness.future ? -1 : freshness.age_s;
}

/* What the snapshot's age and the state leave. */
static int64_t due_by_wall_clock(const struct ot_watched *watched,
                                 const struct ot_state *state)
{
    const int64_t now = (int64_t)time(NULL);
    const int64_t age_s = snapshot_age(watched->source, watched->seen_at, now);

    return ot_watch_clock_ms() +
           ot_watch_first_ms(watched->source, age_s, state, now, random_jitter());
}

/* What failed before a reload goes on failing until the next try, and an API that does
 * not want to be waited at does not want it then either. */
static void keep_failures(struct ot_watched *watched, const struct ot_watched *before)
{
    watched->waiter.asked_ms = watched->waiter.next_ms = before->waiter.asked_ms;
    if (watched->seen_at != before->seen_at || before->trouble == NULL)
        return;
    watched->failures = before->failures;
    watched->trouble = strdup(before->trouble); /* NULL: it is said less */
}

/* before: as it was watched until now; NULL: it was not. Failures of another API or key
 * hold nothing back. */
static void schedule_first(struct ot_watched *watched, const struct ot_source *source,
                           const struct ot_watched *before)
{
    bool is_same = before != NULL && ot_source_fetches_alike(before->source, source);
    struct ot_state state = {0};
    struct ot_memory head;

    watched->source = source;
    watched->seen_at = snapshot_seen_at(source);
    if (before == NULL || is_same)
        ot_state_of(&state, source, NULL);
    watched->has_mark = is_same ? before->has_mark : ot_memory_read_head(&head, source);
    if (watched->has_mark)
        watched->mark = is_same ? before->mark : head.next;
    if (is_same)
        keep_failures(watched, before);
    watched->due_ms = due_by_wall_clock(watched, &state);
}

static const struct ot_watched *watched_before(const struct ot_watch *before,
                                               const char *name)
{
    for (size_t i = 0; before != NULL && i < before->count; i++)
        if (strcmp(before->watched[i].source->name, name) == 0)
            return &before->watched[i];
    return NULL;
}

static enum ot_status load_watched(struct ot_watch *watch,
                                   const struct ot_options *options,
                                   const struct ot_watch *before, struct ot_error *err)
{
    const struct ot_source **sources = NULL;
    enum ot_status status;

    *watch = (struct ot_watch){.ahead_ms = wall_clock_ahead_ms()};
    status = ot_config_load(&watch->config, err);
    if (status == OT_OK)
        status = ot_command_sources(options, watch->config, &sources, &watch->count, err);
    if (status == OT_OK) {
        watch->watched = calloc(watch->count, sizeof(*watch->watched));
        if (watch->watched == NULL)
            status = ot_error_nomem(err);
    }
    if (status == OT_OK)
        ot_output_advise(watch->config);
    for (size_t i = 0; status == OT_OK && i < watch->count; i++)
        schedule_first(&watch->watched[i], sources[i],
                       watched_before(before, sources[i]->name));
    free(sources);
    if (status != OT_OK)
        ot_watch_clear(watch);
    return status;
}

enum ot_status ot_watch_load(struct ot_watch *watch, const struct ot_options *options,
                             struct ot_error *err)
{
    return load_watched(watch, options, NULL, err);
}

enum ot_status ot_watch_reload(struct ot_watch *watch, const struct ot_options *options,
                               struct ot_error *err)
{
    struct ot_watch fresh;
    enum ot_status status = load_watched(&fresh, options, watch, err);

    if (status != OT_OK)
        return status;
    ot_watch_clear(watch);
    *watch = fresh;
    return OT_OK;
}

void ot_watch_clear(struct ot_watch *watch)
{
    for (size_t i = 0; watch->watched != NULL && i < watch->count; i++) {
        ot_waiter_end(&watch->watched[i].waiter);
        free(watch->watched[i].trouble);
    }
    free(watch->watched);
    ot_config_free(watch->config);
    memset(watch, 0, sizeof(*watch));
}

/* All hosts hear of it at the same moment, and are not to come back at one. */
static void take_call(struct ot_watched *watched)
{
    const int64_t now_ms = ot_watch_clock_ms();

    if (ot_waiter_take(&watched->waiter, now_ms))
        watched->due_ms = now_ms + (int64_t)(CALLED_SPREAD_MS * drand48());
}

void ot_watch_sleep(struct ot_watch *watch, const volatile int *stop, int64_t timeout_ms)
{
    struct pollfd *fds = calloc(watch->count, sizeof(*fds));
    const int64_t now_ms = ot_watch_clock_ms();

    for (size_t i = 0; fds != NULL && i < watch->count; i++) {
        struct ot_waiter *waiter = &watch->watched[i].waiter;

        ot_waiter_begin(waiter, watch->watched[i].source, stop, now_ms);
        fds[i] =
            (struct pollfd){.fd = waiter->pid != 0 ? waiter->fd : -1, .events = POLLIN};
        if (waiter->pid == 0 && waiter->next_ms > now_ms &&
            waiter->next_ms - now_ms < timeout_ms)
            timeout_ms = waiter->next_ms - now_ms;
    }
    ot_signals_wait_for_any(fds, fds != NULL ? watch->count : 0, timeout_ms);
    for (size_t i = 0; fds != NULL && i < watch->count; i++)
        if (fds[i].revents != 0)
            take_call(&watch->watched[i]);
    free(fds);
}

void ot_watch_heed_wall_clock(struct ot_watch *watch)
{
    const int64_t ahead_ms = wall_clock_ahead_ms();
    const bool was_set = llabs(ahead_ms - watch->ahead_ms) > 1000 * OT_CLOCK_SKEW_S;

    watch->ahead_ms = ahead_ms;
    for (size_t i = 0; was_set && i < watch->count; i++) {
        struct ot_watched *watched = &watch->watched[i];
        struct ot_state state = {0};
        int64_t due_ms;

        ot_state_of(&state, watched->source, NULL);
        due_ms = due_by_wall_clock(watched, &state);
        if (due_ms < watched->due_ms)
            watched->due_ms = due_ms;
    }
}

struct ot_watched *ot_watch_next(struct ot_watch *watch)
{
    struct ot_watched *next = &watch->watched[0];

    for (size_t i = 1; i < watch->count; i++)
        if (watch->watched[i].due_ms < next->due_ms)
            next = &watch->watched[i];
    return next;
}

static void forget_failures(struct ot_watched *watched)
{
    watched->failures = 0;
    free(watched->trouble);
    watched->trouble = NULL;
}

bool ot_watch_was_refreshed(struct ot_watched *watched)
{
    int64_t now = (int64_t)time(NULL);
    int64_t seen_at = snapshot_seen_at(watched->source);
    int64_t age = snapshot_age(watched->source, seen_at, now);
    struct ot_state state = {0}; /* its failures lie before what we see */
    int64_t wait_ms;

    if (seen_at <= watched->seen_at)
        return false;
    watched->seen_at = seen_at;
    wait_ms = ot_watch_first_ms(watched->source, age, &state, now, random_jitter());
    if (wait_ms == 0)
        return false;
    forget_failures(watched);
    watched->due_ms = ot_watch_clock_ms() + wait_ms;
    return true;
}

void ot_watch_take_news(struct ot_watched *watched, struct ot_news_range *range)
{
    struct ot_memory head;

    if (!ot_memory_read_head(&head, watched->source))
        return;
    if (watched->has_mark)
        *range = (struct ot_news_range){
            ot_memory_resume(&head, &watched->mark, (int64_t)time(NULL)), head.next};
    watched->has_mark = true;
    watched->mark = head.next;
}

void ot_watch_reschedule(struct ot_watched *watched, enum ot_status status,
                         const struct ot_error *error)
{
    const struct ot_source *source = watched->source;
    struct ot_state state;
    int64_t wait_ms;

    watched->seen_at = snapshot_seen_at(source);
    if (status == OT_OK) {
        forget_failures(watched);
        wait_ms = ot_watch_spread_ms(source->refresh_interval_s, random_jitter());
    } else {
        watched->failures++;
        free(watched->trouble);
        watched->trouble = strdup(error->message); /* NULL: it is said less */
        ot_state_of(&state, source, NULL);
        wait_ms = ot_watch_retry_ms(watched->failures, &state, (int64_t)time(NULL),
                                    random_jitter());
    }
    watched->due_ms = ot_watch_clock_ms() + wait_ms;
}

const struct ot_watched *ot_watch_expired(const struct ot_watch *watch)
{
    for (size_t i = 0; i < watch->count; i++) {
        const struct ot_watched *watched = &watch->watched[i];

        if (watched->seen_at != 0 &&
            ot_freshness_of(watched->source, watched->seen_at, (int64_t)time(NULL))
                .expired)
            return watched;
    }
    return NULL;
}
