#include "log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "cache/confinement.h"
#include "cache/limits.h"

static void log_warning(const char *text)
{
    static const struct sockaddr_un log = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
    char line[OT_ERROR_MAX + 64];
    int saved = errno, fd, len;

    if (ot_confinement_check(NULL) != OT_OK)
        return;
    /* RFC 3164, without the time: the daemon adds its own. */
    len = snprintf(line, sizeof(line), "<%d>orgtrust-pkcs11[%ld]: %s",
                   LOG_USER | LOG_WARNING, (long)getpid(), text);
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (len > 0 && fd >= 0)
        (void)sendto(fd, line,
                     (size_t)len < sizeof(line) ? (size_t)len : sizeof(line) - 1,
                     MSG_NOSIGNAL, (const struct sockaddr *)&log, sizeof(log));
    if (fd >= 0)
        close(fd);
    errno = saved;
}

void ot_log_token(const char *label, const char *text)
{
    char line[OT_ERROR_MAX + 64];

    snprintf(line, sizeof(line), "token '%s': %s", label, text);
    log_warning(line);
}

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

void ot_log_tell(const char *text)
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
