#include "config/endpoint.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_value_internal.h"

const char *ot_endpoint_parse(struct ot_endpoint *endpoint, const char *text, size_t len)
{
    size_t host_len, skip;
    const char *why = ot_config_authority(text, len, &host_len);

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

const char *ot_endpoint_text(char buf[OT_ENDPOINT_TEXT_MAX],
                             const struct ot_endpoint *endpoint)
{
    bool is_ipv6 = strchr(endpoint->host, ':') != NULL;

    snprintf(buf, OT_ENDPOINT_TEXT_MAX, "%s%s%s:%u", is_ipv6 ? "[" : "", endpoint->host,
             is_ipv6 ? "]" : "", endpoint->port);
    return buf;
}
