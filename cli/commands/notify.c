#include "commands/notify_internal.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

static const char *notify_socket(void)
{
    const char *path = getenv("NOTIFY_SOCKET");

    return path != NULL && (path[0] == '/' || path[0] == '@') ? path : NULL;
}

bool ot_notify_is_wanted(void)
{
    return notify_socket() != NULL;
}

void ot_notify(const char *lines)
{
    const char *path = notify_socket();
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len;
    int fd;

    if (path == NULL)
        return;
    len = strlen(path);
    if (len >= sizeof(address.sun_path))
        return;
    memcpy(address.sun_path, path, len);
    if (path[0] == '@')
        address.sun_path[0] = '\0'; /* an abstract socket */
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd == -1)
        return;
    while (sendto(fd, lines, strlen(lines), MSG_NOSIGNAL | MSG_DONTWAIT,
                  (struct sockaddr *)&address,
                  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) == -1 &&
           errno == EINTR)
        continue;
    close(fd);
}

void ot_notify_reloading(void)
{
    struct timespec now;
    char lines[64];

    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(lines, sizeof(lines), "RELOADING=1\nMONOTONIC_USEC=%lld",
             (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    ot_notify(lines);
}

static int64_t env_number(const char *name)
{
    const char *text = getenv(name);
    int64_t value = 0;

    return text != NULL && ot_text_number(&value, text, INT64_MAX) ? value : 0;
}

int64_t ot_notify_watchdog_ms(void)
{
    int64_t pid = env_number("WATCHDOG_PID");

    if (pid != 0 && pid != getpid())
        return 0;
    return env_number("WATCHDOG_USEC") / 2000;
}
