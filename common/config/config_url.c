/* URLs in the configuration, by RFC 3986, but only what such a URL is ever made of. The
 * plugins link no URL library, and the fetcher must not read one differently. */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/hex.h"
#include "base/text.h"
#include "config/config_value_internal.h"
#include "config/endpoint.h"

#define URL_MAX 1024 /* no API lives under a longer one */

static void lower_text(char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] >= 'A' && text[i] <= 'Z')
            text[i] = (char)(text[i] + ('a' - 'A'));
}

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

static bool is_ipv6(const char *host, size_t len, struct in6_addr *address)
{
    char text[INET6_ADDRSTRLEN];

    if (len < 2 || len - 2 >= sizeof(text) || host[0] != '[' || host[len - 1] != ']')
        return false;
    memcpy(text, host + 1, len - 2);
    text[len - 2] = '\0';
    return inet_pton(AF_INET6, text, address) == 1;
}

static bool is_loopback(const char *host, size_t len)
{
    struct in6_addr six;
    unsigned char four[4];
    char text[INET_ADDRSTRLEN];

    if (is_ipv6(host, len, &six))
        return IN6_IS_ADDR_LOOPBACK(&six);
    if (len == strlen("localhost") && strncasecmp(host, "localhost", len) == 0)
        return true;
    if (len >= sizeof(text))
        return false;
    memcpy(text, host, len);
    text[len] = '\0';
    return inet_pton(AF_INET, text, four) == 1 && four[0] == 127;
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

/* pchar and '/' (§3.3), no dot segments, which clients would resolve differently. */
static bool is_path(const char *path)
{
    const char *p;

    for (p = path; *p != '\0'; p++) {
        if (*p == '%' && ot_hex_byte(p + 1) >= 0)
            continue;
        if (!ot_text_is_alnum(*p) && !strchr("/-._~!$&'()*+,;=:@", *p))
            return false;
        if (*p == '/' && p[1] == '.' &&
            (p[2] == '/' || p[2] == '\0' ||
             (p[2] == '.' && (p[3] == '/' || p[3] == '\0'))))
            return false;
    }
    return true;
}

/* The length of "scheme://", or 0 when the scheme is not one of the kind's. */
static size_t scheme_len(enum ot_config_url kind, const char *text)
{
    static const char *const api[] = {"https://", "http://", NULL};
    static const char *const proxy[] = {"http://", "https://", "socks5://", "socks5h://",
                                        NULL};
    const char *const *scheme = kind == OT_CONFIG_URL_API ? api : proxy;

    for (; *scheme != NULL; scheme++)
        if (strncasecmp(text, *scheme, strlen(*scheme)) == 0)
            return strlen(*scheme);
    return 0;
}

const char *ot_config_authority(const char *host, size_t len, size_t *host_len)
{
    struct in6_addr six;
    const char *colon;

    if (memchr(host, '@', len) != NULL)
        return "must hold no user name or password";
    if (len > 0 && host[0] == '[') {
        const char *end = memchr(host, ']', len);

        *host_len = end == NULL ? len : (size_t)(end - host) + 1;
        if (!is_ipv6(host, *host_len, &six))
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

static const char *check_url(enum ot_config_url kind, const char *text,
                             size_t *origin_len)
{
    size_t scheme = scheme_len(kind, text), len, host_len;
    const char *host = text + scheme, *why;

    if (scheme == 0)
        return kind == OT_CONFIG_URL_API
                   ? "must begin with https:// (or http:// for a loopback address)"
                   : "must begin with http://, https://, socks5:// or socks5h://";
    if (strlen(text) > URL_MAX)
        return "is longer than 1024 bytes";
    if (strpbrk(text, "?#") != NULL)
        return "must have no query and no fragment";
    len = strcspn(host, "/");
    *origin_len = scheme + len;
    why = ot_config_authority(host, len, &host_len);
    if (why != NULL)
        return why;
    if (kind == OT_CONFIG_URL_PROXY)
        return host[len + strspn(host + len, "/")] == '\0' ? NULL : "must have no path";
    if (strncasecmp(text, "http://", 7) == 0 && !is_loopback(host, host_len))
        return "must begin with https:// (http:// is for 127.0.0.0/8, [::1] and "
               "localhost "
               "only: it would show the key to the network)";
    return is_path(host + len) ? NULL
                               : "has a path with characters that must be "
                                 "percent-encoded, or with '.' or '..' in it";
}

char *ot_config_url(enum ot_config_url kind, const char *text, const char **why)
{
    size_t origin_len = 0;
    char *url;

    *why = check_url(kind, text, &origin_len);
    if (*why != NULL)
        return NULL;
    url = strdup(text);
    if (url == NULL)
        return NULL;
    lower_text(url, origin_len);
    for (size_t len = strlen(url); len > origin_len && url[len - 1] == '/'; len--)
        url[len - 1] = '\0';
    return url;
}
