#include "cache/refresh_internal.h"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/confinement.h"
#include "base/error.h"
#include "base/limits.h"
#include "cache/spawn_internal.h"
#include "cache/state.h"

/* How often a thread looks whether another's wait is over. */
#define LOOK_AGAIN_MS 10

/* Exactly one of the threads that find the time come takes it. */
static bool take_turn(_Atomic int64_t *after_ms, int64_t pause_ms)
{
    int64_t now = ot_clock_ms(), after = atomic_load(after_ms);

    return now >= after &&
           atomic_compare_exchange_strong(after_ms, &after, now + pause_ms);
}

/* As the sync itself would find. */
static bool is_backing_off(const struct ot_refresh *refresh)
{
    struct ot_state state;

    return ot_state_of(&state, refresh->source, NULL) == OT_OK &&
           ot_state_holds_back(&state, (int64_t)time(NULL));
}

static bool may_start(const struct ot_refresh *refresh)
{
    return ot_spawn_is_allowed(refresh->source) && !is_backing_off(refresh);
}

/* Failures are silent here: what there is serves on, and the sync records its own. */
void ot_refresh_start(struct ot_refresh *refresh)
{
    int cancel;

    if (!take_turn(&refresh->start_after_ms, OT_SPAWN_PAUSE_MS))
        return;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
    if (may_start(refresh))
        ot_spawn_sync(refresh->source, NULL, NULL);
    pthread_setcancelstate(cancel, NULL);
}

static void start_and_wait(struct ot_refresh *refresh)
{
    int64_t pause_ms = OT_SPAWN_PAUSE_MS;
    int done;

    if (!take_turn(&refresh->wait_after_ms, OT_SPAWN_PAUSE_MS) || !may_start(refresh))
        return;
    atomic_store(&refresh->start_after_ms, ot_clock_ms() + OT_SPAWN_PAUSE_MS);
    if (ot_spawn_sync(refresh->source, &done, NULL) != OT_OK)
        return;
    if (ot_spawn_wait(done, OT_FIRST_SYNC_WAIT_MS, NULL) == OT_E_BUSY)
        pause_ms = OT_WAIT_PAUSE_MS;
    atomic_store(&refresh->wait_after_ms, ot_clock_ms() + pause_ms);
}

static void wait_for_other(const struct ot_refresh *refresh, pid_t self)
{
    const struct timespec moment = {.tv_nsec = LOOK_AGAIN_MS * 1000000L};
    const int64_t deadline = ot_clock_ms() + OT_FIRST_SYNC_WAIT_MS;

    while (atomic_load(&refresh->waiting) == self && ot_clock_ms() < deadline)
        nanosleep(&moment, NULL);
}

static void wait_in_turn(struct ot_refresh *refresh)
{
    pid_t self = getpid(), seen = atomic_load(&refresh->waiting);

    if (ot_confinement_check(NULL) != OT_OK) /* for waiting, too */
        return;
    /* Another process's number was left behind by a fork: nobody waits here. */
    if (seen != self && atomic_compare_exchange_strong(&refresh->waiting, &seen, self)) {
        start_and_wait(refresh);
        atomic_store(&refresh->waiting, 0);
    } else {
        wait_for_other(refresh, self);
    }
}

void ot_refresh_wait(struct ot_refresh *refresh)
{
    int cancel;

    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
    wait_in_turn(refresh);
    pthread_setcancelstate(cancel, NULL);
}
