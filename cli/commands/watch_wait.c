#include "commands/watch_wait_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sync/sync_wait.h"

/* After so many waits in vain the pause does not grow any more: about half a minute. */
#define PAUSE_STEPS 6

/* Who waited for so long did not fail for what made those before it fail. */
#define LASTING_MS 30000

/* What it ends with. */
enum { WAIT_CHANGED, WAIT_IN_VAIN, WAIT_WITHOUT_SNAPSHOT };

static _Noreturn void wait_and_exit(const struct ot_source *source,
                                    const volatile int *stop)
{
    enum ot_status status;

    /* Not longer than whoever waits for it. */
    prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0UL, 0UL, 0UL);
    status = ot_sync_wait(source, stop);
    _exit(status == OT_OK              ? WAIT_CHANGED
          : status == OT_E_NO_SNAPSHOT ? WAIT_WITHOUT_SNAPSHOT
                                       : WAIT_IN_VAIN);
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
        wait_and_exit(source, stop);
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

/* What it ended with; WAIT_IN_VAIN where a signal ended it. */
static int reap_waiter(struct ot_waiter *waiter)
{
    int status = 0;

    while (waitpid(waiter->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    close(waiter->fd);
    waiter->pid = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : WAIT_IN_VAIN;
}

void ot_waiter_end(struct ot_waiter *waiter)
{
    if (waiter->pid == 0)
        return;
    kill(waiter->pid, SIGKILL);
    reap_waiter(waiter);
}

bool ot_waiter_take(struct ot_waiter *waiter, int64_t now_ms)
{
    const int outcome = reap_waiter(waiter);

    if (now_ms - waiter->began_ms >= LASTING_MS)
        waiter->in_vain = 0;
    waiter->has_called = outcome == WAIT_CHANGED;
    if (outcome == WAIT_IN_VAIN) {
        waiter->in_vain++;
        waiter->next_ms = now_ms + pause_ms(waiter->in_vain);
    } else if (outcome == WAIT_WITHOUT_SNAPSHOT) {
        waiter->next_ms = INT64_MAX;
    }
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
    waiter->next_ms = status == OT_OK ? now_ms + pause_ms(waiter->in_vain) : INT64_MAX;
}
