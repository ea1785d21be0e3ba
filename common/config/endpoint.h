/* A server as people name it: HOST:PORT, [2001:db8::1]:443. */
#ifndef OT_CONFIG_ENDPOINT_H
#define OT_CONFIG_ENDPOINT_H

#include <stddef.h>
#include <stdint.h>

#define OT_HOST_MAX 253 /* RFC 1035 §2.3.4, as text */
/* A host, brackets around it, a colon, a port. */
#define OT_ENDPOINT_TEXT_MAX (OT_HOST_MAX + 9)

struct ot_endpoint {
    char host[OT_HOST_MAX + 1]; /* a name, or an address without brackets */
    uint16_t port;              /* never 0 */
};

/* NULL, or what is wrong with text[0..len): "has no valid host name". */
const char *ot_endpoint_parse(struct ot_endpoint *endpoint, const char *text, size_t len);

/* The text that it was parsed from. Returns buf. */
const char *ot_endpoint_text(char buf[OT_ENDPOINT_TEXT_MAX],
                             const struct ot_endpoint *endpoint);

#endif
