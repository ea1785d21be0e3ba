#include "config/endpoint.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Labels of letters, digits, '-' and '_', none empty. */
static bool is_host_name(const char *host, size_t len)
{
    if (len == 0 || len > OT_HOST_MAX)
        return false;
    for (size_t i = 0; i < len; i++) {
        bool edge = i == 0 || i + 1 == len || host[i - 1] == '.' || host[i + 1] == '.';

        if (!ot_text_is_alnum(host[i]) && (edge || !strchr("-_.", host[i])))
            return false;
    }
    return true;
}

bool ot_host_is_ipv6(const char *host, size_t len, struct in6_addr *address)
{
    char text[INET6_ADDRSTRLEN];

    if (len < 2 || len - 2 >= sizeof(text) || host[0] != '[' || host[len - 1] != ']')
        return false;
    memcpy(text, host + 1, len - 2);
    text[len - 2] = '\0';
    return inet_pton(AF_INET6, text, address) == 1;
}

static bool is_port(const char *text, size_t len)
{
    unsigned port = 0;

    for (size_t i = 0; i < len && i < 6; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        port = port * 10 + (unsigned)(text[i] - '0');
    }
    return len > 0 && len < 6 && port > 0 && port < 65536;
}

const char *ot_endpoint_check(const char *host, size_t len, size_t *host_len)
{
    struct in6_addr six;
    const char *colon;

    if (memchr(host, '@', len) != NULL)
        return "must hold no user name or password";
    if (len > 0 && host[0] == '[') {
        const char *end = memchr(host, ']', len);

        *host_len = end == NULL ? len : (size_t)(end - host) + 1;
        if (!ot_host_is_ipv6(host, *host_len, &six))
            return "has something in brackets that is not an IPv6 address";
    } else {
        colon = memchr(host, ':', len);
        *host_len = colon == NULL ? len : (size_t)(colon - host);
        if (!is_host_name(host, *host_len))
            return "has no valid host name";
    }
    if (*host_len < len &&
        (host[*host_len] != ':' || !is_port(host + *host_len + 1, len - *host_len - 1)))
        return "has a port that is not a number from 1 to 65535";
    return NULL;
}

const char *ot_endpoint_parse(struct ot_endpoint *endpoint, const char *text, size_t len)
{
    size_t host_len, skip;
    const char *why = ot_endpoint_check(text, len, &host_len);

    if (why != NULL)
        return why;
    if (host_len == len)
        return "has no port";
    skip = text[0] == '[' ? 1 : 0;
    memcpy(endpoint->host, text + skip, host_len - 2 * skip);
    endpoint->host[host_len - 2 * skip] = '\0';
    /* Digits up to 65535, and behind them the end, a comma or a blank. */
    endpoint->port = (uint16_t)strtoul(text + host_len + 1, NULL, 10);
    return NULL;
}

bool ot_endpoint_next(const char **list, struct ot_endpoint *endpoint, const char **why)
{
    static const char between[] = ", \t";
    const char *text = *list + strspn(*list, between);
    size_t len = strcspn(text, between);

    *why = len > 0 ? ot_endpoint_parse(endpoint, text, len) : NULL;
    *list = text + len;
    return len > 0 && *why == NULL;
}

const char *ot_endpoint_text(char buf[OT_ENDPOINT_TEXT_MAX],
                             const struct ot_endpoint *endpoint)
{
    bool is_ipv6 = strchr(endpoint->host, ':') != NULL;

    snprintf(buf, OT_ENDPOINT_TEXT_MAX, "%s%s%s:%u", is_ipv6 ? "[" : "", endpoint->host,
             is_ipv6 ? "]" : "", endpoint->port);
    return buf;
}
