/* A server as people name it: HOST:PORT, [2001:db8::1]:443. */
#ifndef OT_CONFIG_ENDPOINT_H
#define OT_CONFIG_ENDPOINT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OT_HOST_MAX 253 /* RFC 1035 §2.3.4, as text */
/* A host, brackets around it, a colon, a port. */
#define OT_ENDPOINT_TEXT_MAX (OT_HOST_MAX + 9)

struct ot_endpoint {
    char host[OT_HOST_MAX + 1]; /* a name, or an address without brackets */
    uint16_t port;              /* never 0 */
};

/* What is wrong with text[0..len) as HOST or HOST:PORT, which stands in URLs as well
 * (RFC 3986 §3.2), or NULL; then the host, with its brackets, has *host_len bytes. */
const char *ot_endpoint_check(const char *text, size_t len, size_t *host_len);

/* Whether a host is an address of IPv6 in brackets. */
bool ot_host_is_ipv6(const char *host, size_t len, struct in6_addr *address);

/* NULL, or what is wrong with text[0..len): "has no valid host name". */
const char *ot_endpoint_parse(struct ot_endpoint *endpoint, const char *text, size_t len);

/* The next of a list, with commas and blanks between, and *list behind it. false: there
 * is none, or *why says what is wrong with it, which is NULL else. */
bool ot_endpoint_next(const char **list, struct ot_endpoint *endpoint, const char **why);

/* The text that it was parsed from. Returns buf. */
const char *ot_endpoint_text(char buf[OT_ENDPOINT_TEXT_MAX],
                             const struct ot_endpoint *endpoint);

#endif
