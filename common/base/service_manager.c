#include "base/service_manager.h"

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

static bool find_manager(struct sockaddr_un *address, socklen_t *len)
{
    const char *path = notify_socket();
    size_t path_len = path != NULL ? strlen(path) : 0;

    if (path_len == 0 || path_len >= sizeof(address->sun_path))
        return false;
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(address->sun_path, path, path_len);
    if (path[0] == '@')
        address->sun_path[0] = '\0'; /* an abstract socket */
    *len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path_len);
    return true;
}

static void send_to_manager(const struct msghdr *message)
{
    struct msghdr addressed = *message;
    struct sockaddr_un address;
    int fd;

    if (!find_manager(&address, &addressed.msg_namelen))
        return;
    addressed.msg_name = &address;
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd == -1)
        return;
    while (sendmsg(fd, &addressed, MSG_NOSIGNAL | MSG_DONTWAIT) == -1 && errno == EINTR)
        continue;
    close(fd);
}

void ot_notify(const char *lines)
{
    struct iovec text = {.iov_base = (char *)lines, .iov_len = strlen(lines)};

    send_to_manager(&(struct msghdr){.msg_iov = &text, .msg_iovlen = 1});
}

void ot_notify_keep(int fd, const char *name)
{
    union {
        struct cmsghdr header; /* for its alignment */
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {.bytes = {0}};
    char lines[96];
    struct iovec text = {.iov_base = lines};
    struct msghdr message = {.msg_iov = &text,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);

    snprintf(lines, sizeof(lines), "FDSTORE=1\nFDNAME=%s", name);
    text.iov_len = strlen(lines);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(rights), &fd, sizeof(fd));
    send_to_manager(&message);
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
