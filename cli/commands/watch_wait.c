#include "commands/watch_wait_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "commands/watch_schedule_internal.h"
#include "files/write_all.h"
#include "sync/sync_wait.h"

/* After so many waits in vain the pause does not grow any more: about half a minute. */
#define PAUSE_STEPS 6

/* Who waited for so long did not fail for what made those before it fail. */
#define LASTING_MS 30000

/* What goes through the pipe, when it ends. */
struct outcome {
    enum ot_status status;
    struct ot_call call;
};

static _Noreturn void wait_and_exit(const struct ot_source *source,
                                    const volatile int *stop, int fd)
{
    struct outcome outcome;

    /* Not longer than whoever waits for it. */
    prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0UL, 0UL, 0UL);
    memset(&outcome, 0, sizeof(outcome));
    outcome.status = ot_sync_wait(source, stop, &outcome.call);
    ot_write_all(fd, &outcome, sizeof(outcome));
    _exit(0);
}

/* From half of it to one and a half: who was sent away together does not come back
 * together. */
static int64_t pause_ms(unsigned in_vain)
{
    const unsigned steps = in_vain < PAUSE_STEPS ? in_vain : PAUSE_STEPS;

    if (in_vain == 0)
        return 0;
    return (int64_t)((double)(INT64_C(500) << steps) * (0.5 + drand48()));
}

void ot_waiter_begin(struct ot_waiter *waiter, const struct ot_source *source,
                     const volatile int *stop, int64_t now_ms)
{
    int ends[2];

    if (waiter->pid != 0 || waiter->has_called || now_ms < waiter->next_ms)
        return;
    if (!ot_sync_may_wait(source) || pipe2(ends, O_CLOEXEC) != 0) {
        waiter->next_ms = INT64_MAX;
        return;
    }
    waiter->pid = fork();
    if (waiter->pid == 0) {
        close(ends[0]);
        wait_and_exit(source, stop, ends[1]);
    }
    close(ends[1]);
    if (waiter->pid < 0) {
        close(ends[0]);
        waiter->pid = 0;
        waiter->next_ms = INT64_MAX;
        return;
    }
    waiter->fd = ends[0];
    waiter->began_ms = now_ms;
}

/* What it ended with; in vain where a signal ended it. So few bytes come at once. */
static struct outcome reap_waiter(struct ot_waiter *waiter)
{
    struct outcome outcome;

    while (waitpid(waiter->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    if (read(waiter->fd, &outcome, sizeof(outcome)) != (ssize_t)sizeof(outcome))
        outcome = (struct outcome){OT_E_INTERRUPTED, {.retry_after_ms = -1}};
    close(waiter->fd);
    waiter->pid = 0;
    return outcome;
}

void ot_waiter_end(struct ot_waiter *waiter)
{
    if (waiter->pid == 0)
        return;
    kill(waiter->pid, SIGKILL);
    reap_waiter(waiter);
}

/* After a pause, or a longer one that the API asked for. */
static void set_next_wait(struct ot_waiter *waiter, int64_t now_ms)
{
    waiter->next_ms = now_ms + pause_ms(waiter->in_vain);
    if (waiter->next_ms < waiter->asked_ms)
        waiter->next_ms = waiter->asked_ms;
}

static void note_wait_in_vain(struct ot_waiter *waiter, int64_t retry_after_ms,
                              int64_t now_ms)
{
    if (retry_after_ms > 0)
        waiter->asked_ms = now_ms + ot_watch_asked_ms(retry_after_ms, drand48());
    waiter->in_vain++;
    set_next_wait(waiter, now_ms);
}

bool ot_waiter_take(struct ot_waiter *waiter, int64_t now_ms)
{
    const struct outcome outcome = reap_waiter(waiter);

    if (now_ms - waiter->began_ms >= LASTING_MS)
        waiter->in_vain = 0;
    waiter->has_called = outcome.status == OT_OK;
    memcpy(waiter->moment, outcome.call.moment, sizeof(waiter->moment));
    if (outcome.status == OT_E_NO_SNAPSHOT)
        waiter->next_ms = INT64_MAX;
    else if (outcome.status != OT_OK)
        note_wait_in_vain(waiter, outcome.call.retry_after_ms, now_ms);
    return waiter->has_called;
}

void ot_waiter_note_sync(struct ot_waiter *waiter, enum ot_status status, bool changed,
                         int64_t now_ms)
{
    ot_waiter_end(waiter);
    if (changed)
        waiter->in_vain = 0;
    else if (waiter->has_called)
        waiter->in_vain++;
    waiter->has_called = false;
    /* After a failure the next sync comes when its time has come. */
    if (status == OT_OK)
        set_next_wait(waiter, now_ms);
    else
        waiter->next_ms = INT64_MAX;
}
