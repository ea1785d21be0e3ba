#include "log.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "base/confinement.h"
#include "base/error.h"

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
    int cancel;

    snprintf(line, sizeof(line), "token '%s': %s", label, text);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel); /* it is in the module */
    log_warning(line);
    pthread_setcancelstate(cancel, NULL);
}
