#include "http/handed_socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/service_manager.h"
#include "base/text.h"

#define FIRST_FD 3 /* SD_LISTEN_FDS_START */
#define HANDED_MAX 16

static int64_t number_in(const char *name, int64_t max)
{
    const char *text = getenv(name);
    int64_t value = 0;

    return text != NULL && ot_text_number(&value, text, max) ? value : 0;
}

static int count_handed(void)
{
    if (number_in("LISTEN_PID", INT64_MAX) != getpid())
        return 0;
    return (int)number_in("LISTEN_FDS", HANDED_MAX);
}

/* Whether the name at this place of LISTEN_FDNAMES, between colons, is ours. */
static bool is_of_store(int place)
{
    const char *at = getenv("LISTEN_FDNAMES");
    size_t len;

    while (at != NULL && place-- > 0)
        at = (at = strchr(at, ':')) != NULL ? at + 1 : NULL;
    len = at != NULL ? strcspn(at, ":") : 0;
    return len == strlen(OT_KEPT_SOCKET) && memcmp(at, OT_KEPT_SOCKET, len) == 0;
}

static bool is_listening(int fd)
{
    int value = 0, type = 0;
    socklen_t len = sizeof(value), type_len = sizeof(type);

    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &len) == 0 && value != 0 &&
           getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_len) == 0 &&
           type == SOCK_STREAM;
}

static bool is_same_address(const struct sockaddr_storage *bound,
                            const struct sockaddr *wanted)
{
    if (bound->ss_family != wanted->sa_family)
        return false;
    if (bound->ss_family == AF_INET) {
        const struct sockaddr_in *a = (const struct sockaddr_in *)bound;
        const struct sockaddr_in *b = (const struct sockaddr_in *)wanted;

        return a->sin_addr.s_addr == b->sin_addr.s_addr &&
               (b->sin_port == 0 || a->sin_port == b->sin_port);
    }
    if (bound->ss_family == AF_INET6) {
        const struct sockaddr_in6 *a = (const struct sockaddr_in6 *)bound;
        const struct sockaddr_in6 *b = (const struct sockaddr_in6 *)wanted;

        return IN6_ARE_ADDR_EQUAL(&a->sin6_addr, &b->sin6_addr) &&
               (b->sin6_port == 0 || a->sin6_port == b->sin6_port);
    }
    return false;
}

static bool is_bound_to(int fd, const struct addrinfo *addresses)
{
    struct sockaddr_storage bound = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof(bound);

    if (!is_listening(fd) || getsockname(fd, (struct sockaddr *)&bound, &len) != 0)
        return false;
    for (const struct addrinfo *at = addresses; at != NULL; at = at->ai_next)
        if (is_same_address(&bound, at->ai_addr))
            return true;
    return false;
}

/* As those of our own making. */
static bool adopt_socket(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
           fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

enum ot_status ot_handed_socket(int *fd, const struct addrinfo *addresses,
                                const char *text, struct ot_error *err)
{
    enum ot_status status = OT_OK;
    int count = count_handed();

    *fd = -1;
    for (int i = 0; i < count; i++) {
        int next = FIRST_FD + i;

        if (*fd < 0 && is_bound_to(next, addresses) && adopt_socket(next)) {
            *fd = next;
            continue;
        }
        if (is_of_store(i)) {
            /* The manager has it open for a moment still, and would keep its port. */
            shutdown(next, SHUT_RDWR);
            ot_notify("FDSTOREREMOVE=1\nFDNAME=" OT_KEPT_SOCKET);
        } else {
            status = ot_error_set(
                err, OT_E_USAGE,
                "the service manager listens for this server at another address than "
                "--listen %s: let ListenStream of orgtrust-server.socket and --listen be "
                "the same one, or do without the socket unit: systemctl disable --now "
                "orgtrust-server.socket",
                text);
        }
        close(next);
    }
    return status;
}
