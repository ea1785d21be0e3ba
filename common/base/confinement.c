#include "base/confinement.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATUS_OF_THREAD "/proc/thread-self/status"

/* A line of net/ipv6_route has 150 characters; of others the beginning is enough. */
#define LINE_BYTES 256
#define CHUNK_BYTES 1024

/* Gives every line, cut off where it is too long, until take wants no more. 0 or an
 * errno. */
static int read_lines(const char *path, bool (*take)(void *arg, const char *line),
                      void *arg)
{
    char chunk[CHUNK_BYTES], line[LINE_BYTES];
    const int saved = errno;
    bool goes_on = true;
    size_t len = 0;
    ssize_t n = 0;
    int errnum, fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    while (fd >= 0 && goes_on && (n = read(fd, chunk, sizeof(chunk))) > 0)
        for (ssize_t i = 0; goes_on && i < n; i++) {
            if (chunk[i] != '\n') {
                if (len < sizeof(line) - 1)
                    line[len++] = chunk[i];
                continue;
            }
            line[len] = '\0';
            len = 0;
            goes_on = take(arg, line);
        }
    errnum = fd < 0 || n < 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    errno = saved;
    return errnum;
}

/* Of a process's or thread's status (proc(5)). A kernel that cannot filter says nothing;
 * the number of filters is told since Linux 5.9. */
struct seccomp {
    long mode, filters;
};

static bool take_seccomp(void *arg, const char *line)
{
    struct seccomp *seccomp = arg;

    if (strncmp(line, "Seccomp:", 8) == 0)
        seccomp->mode = strtol(line + 8, NULL, 10);
    if (strncmp(line, "Seccomp_filters:", 16) == 0)
        seccomp->filters = strtol(line + 16, NULL, 10);
    return true;
}

static int read_seccomp(const char *path, struct seccomp *seccomp)
{
    seccomp->mode = seccomp->filters = 0;
    return read_lines(path, take_seccomp, seccomp);
}

/* What a filter does nobody can ask. But filters are inherited and never taken off: who
 * has as many as the first process of the PID namespace has the very same, unless both
 * put one on later. Under those programs are started all the time: that is how containers
 * confine. The second process is in doubt: sandboxes (bubblewrap) start it first, and
 * then filter both. */
enum ot_status ot_confinement_check(struct ot_error *err)
{
    struct seccomp own, first;
    int errnum = read_seccomp(STATUS_OF_THREAD, &own);

    if (errnum != 0)
        return ot_error_errno(err, OT_E_IO, errnum,
                              "cannot see in " STATUS_OF_THREAD
                              " whether a filter of system calls is on this program");
    if (own.mode == 0 ||
        (own.filters > 0 && getpid() > 2 && read_seccomp("/proc/1/status", &first) == 0 &&
         first.filters == own.filters))
        return OT_OK;
    return ot_error_set(err, OT_E_USAGE,
                        "this program is under a filter of system calls (seccomp) that "
                        "might end it for starting another; run the orgtrust command "
                        "yourself");
}

/* The first word names the device. "*": a route that refuses. */
static bool take_ipv4_route(void *arg, const char *line)
{
    bool *found = arg;
    size_t len = strcspn(line, "\t ");

    *found = !(len == 5 && memcmp(line, "Iface", 5) == 0) &&
             !(len == 2 && memcmp(line, "lo", 2) == 0) && line[0] != '*' && len > 0;
    return !*found;
}

/* The last word does; a route that refuses is one by lo. */
static bool take_ipv6_route(void *arg, const char *line)
{
    const char *device = strrchr(line, ' ');
    bool *found = arg;

    *found = device != NULL && strcmp(device + 1, "lo") != 0;
    return !*found;
}

bool ot_confinement_has_route(void)
{
    bool ipv4 = false, ipv6 = false;

    if (read_lines("/proc/thread-self/net/route", take_ipv4_route, &ipv4) != 0)
        return true;
    /* Without IPv6 in the kernel there is no such file. */
    if (!ipv4)
        (void)read_lines("/proc/thread-self/net/ipv6_route", take_ipv6_route, &ipv6);
    return ipv4 || ipv6;
}
