#include "http/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/handed_socket.h"

/* Bursts of a fleet whose timers agree; the kernel caps it by net.core.somaxconn. */
#define BACKLOG 1024

struct endpoint {
    char host[256];
    char port[8];
};

static bool split_address(struct endpoint *endpoint, const char *text)
{
    const char *colon = strrchr(text, ':');
    size_t host_len, digits;

    if (colon == NULL)
        return false;
    host_len = (size_t)(colon - text);
    if (host_len >= 2 && text[0] == '[' && text[host_len - 1] == ']') {
        text++;
        host_len -= 2;
    } else if (memchr(text, ':', host_len) != NULL) {
        return false; /* an IPv6 address without brackets: which colon is it? */
    }
    digits = strspn(colon + 1, "0123456789");
    if (host_len == 0 || host_len >= sizeof(endpoint->host) || digits == 0 ||
        digits > 5 || colon[1 + digits] != '\0' || strtoul(colon + 1, NULL, 10) > 65535)
        return false;
    snprintf(endpoint->host, sizeof(endpoint->host), "%.*s", (int)host_len, text);
    snprintf(endpoint->port, sizeof(endpoint->port), "%s", colon + 1);
    return true;
}

static bool is_loopback_bound(const struct sockaddr_storage *address)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;

    if (address->ss_family == AF_INET)
        return ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    return address->ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

static bool describe_listener(struct ot_listener *listener)
{
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof(address);
    char host[INET6_ADDRSTRLEN + 1], port[8];

    if (getsockname(listener->fd, (struct sockaddr *)&address, &len) != 0 ||
        getnameinfo((struct sockaddr *)&address, len, host, sizeof(host), port,
                    sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return false;
    snprintf(listener->address, sizeof(listener->address),
             address.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
    listener->loopback = is_loopback_bound(&address);
    return true;
}

static int bind_one(const struct addrinfo *info)
{
    int one = 1, saved;
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -1;
    /* A restart does not wait for connections of the last run to be forgotten. */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
        bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static enum ot_status bind_failed(const char *text, int errnum, struct ot_error *err)
{
    const char *advice = "";

    if (errnum == EADDRINUSE)
        advice =
            " (another program listens there: end it, or choose another port; port 0 "
            "takes any free one)";
    else if (errnum == EADDRNOTAVAIL)
        advice = " (this machine does not have that address)";
    else if (errnum == EACCES)
        advice = " (ports below 1024 are for root)";
    return ot_error_errno(err, OT_E_NETWORK, errnum, "cannot listen on %s%s", text,
                          advice);
}

/* The first of the addresses that can be bound. */
static enum ot_status bind_first(int *fd, const struct addrinfo *addresses,
                                 const char *text, struct ot_error *err)
{
    int errnum = 0;

    for (const struct addrinfo *at = addresses; at != NULL && *fd < 0; at = at->ai_next) {
        *fd = bind_one(at);
        errnum = errno;
    }
    return *fd >= 0 ? OT_OK : bind_failed(text, errnum, err);
}

static enum ot_status find_addresses(struct addrinfo **found, const char *option,
                                     const char *text, struct ot_error *err)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct endpoint endpoint;
    int code;

    if (!split_address(&endpoint, text))
        return ot_error_set(err, OT_E_USAGE,
                            "%s '%s' is not HOST:PORT, such as 127.0.0.1:8443 or "
                            "[::1]:0",
                            option, text);
    code = getaddrinfo(endpoint.host, endpoint.port, &hints, found);
    if (code != 0)
        return ot_error_set(err, OT_E_NETWORK, "cannot listen on %s: %s", text,
                            gai_strerror(code));
    return OT_OK;
}

static enum ot_status finish_listener(struct ot_listener *listener, const char *text,
                                      struct ot_error *err)
{
    if (describe_listener(listener))
        return OT_OK;
    close(listener->fd);
    listener->fd = -1;
    return ot_error_set(err, OT_E_INTERNAL, "cannot tell the address of %s", text);
}

enum ot_status ot_listener_open(struct ot_listener *listener, const char *text,
                                struct ot_error *err)
{
    struct addrinfo *found = NULL;
    enum ot_status status = find_addresses(&found, "--listen", text, err);

    *listener = (struct ot_listener){.fd = -1};
    if (status != OT_OK)
        return status;
    status = ot_handed_socket(&listener->fd, found, text, err);
    listener->handed = listener->fd >= 0;
    if (status == OT_OK && !listener->handed)
        status = bind_first(&listener->fd, found, text, err);
    freeaddrinfo(found);
    return status == OT_OK ? finish_listener(listener, text, err) : status;
}

enum ot_status ot_listener_open_own(struct ot_listener *listener, const char *option,
                                    const char *text, struct ot_error *err)
{
    struct addrinfo *found = NULL;
    enum ot_status status = find_addresses(&found, option, text, err);

    *listener = (struct ot_listener){.fd = -1};
    if (status != OT_OK)
        return status;
    status = bind_first(&listener->fd, found, text, err);
    freeaddrinfo(found);
    return status == OT_OK ? finish_listener(listener, text, err) : status;
}
