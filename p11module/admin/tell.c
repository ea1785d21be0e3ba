#include "tell_internal.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/confinement.h"
#include "base/error.h"

/* A SIGPIPE of ours stays with this thread, where it is taken back. One that was pending
 * before is the host's. */
static void write_line(const char *line, size_t len)
{
    const struct timespec now = {0, 0};
    sigset_t pipe, before, pending;
    int is_pending;

    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    sigpending(&pending);
    is_pending = sigismember(&pending, SIGPIPE);
    if (pthread_sigmask(SIG_BLOCK, &pipe, &before) != 0)
        return;
    if (write(STDERR_FILENO, line, len) < 0 && errno == EPIPE && is_pending == 0)
        while (sigtimedwait(&pipe, NULL, &now) < 0 && errno == EINTR)
            ;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void ot_tell(const char *text)
{
    struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
    char line[OT_ERROR_MAX + 16];
    int saved = errno, len;

    if (ot_confinement_check(NULL) != OT_OK)
        return;
    len = snprintf(line, sizeof(line), "orgtrust: %s\n", text);
    if (len > 0 && (size_t)len < sizeof(line) && poll(&out, 1, 0) == 1 &&
        (out.revents & POLLOUT) != 0)
        write_line(line, (size_t)len);
    errno = saved;
}
