/* URLs in the configuration, by RFC 3986, but only what such a URL is ever made of. The
 * plugins link no URL library, and the fetcher must not read one differently. */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/hex.h"
#include "base/text.h"
#include "config/config.h"
#include "config/config_value_internal.h"
#include "config/endpoint.h"

#define URL_MAX 1024 /* no API lives under a longer one */

static void lower_text(char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] >= 'A' && text[i] <= 'Z')
            text[i] = (char)(text[i] + ('a' - 'A'));
}

static bool is_loopback(const char *host, size_t len)
{
    struct in6_addr six;
    unsigned char four[4];
    char text[INET_ADDRSTRLEN];

    if (ot_host_is_ipv6(host, len, &six))
        return IN6_IS_ADDR_LOOPBACK(&six);
    if (len == strlen("localhost") && strncasecmp(host, "localhost", len) == 0)
        return true;
    if (len >= sizeof(text))
        return false;
    memcpy(text, host, len);
    text[len] = '\0';
    return inet_pton(AF_INET, text, four) == 1 && four[0] == 127;
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
    why = ot_endpoint_check(host, len, &host_len);
    if (why != NULL)
        return why;
    if (kind == OT_CONFIG_URL_PROXY)
        return host[len + strspn(host + len, "/")] == '\0' ? NULL : "must have no path";
    if (strncasecmp(text, "http://", 7) == 0 && !is_loopback(host, host_len))
        return kind == OT_CONFIG_URL_API
                   ? "must begin with https:// (http:// is for 127.0.0.0/8, [::1] and "
                     "localhost "
                     "only: it would show the key to the network)"
                   : "must begin with https:// (http:// is for 127.0.0.0/8, [::1] and "
                     "localhost only)";
    return is_path(host + len) ? NULL
                               : "has a path with characters that must be "
                                 "percent-encoded, or with '.' or '..' in it";
}

enum ot_status ot_config_check_base_url(const char *text, struct ot_error *err)
{
    size_t origin_len;
    const char *why = check_url(OT_CONFIG_URL_API, text, &origin_len);

    return why == NULL ? OT_OK : ot_error_set(err, OT_E_CONFIG, "the URL %s", why);
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
