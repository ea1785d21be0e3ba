#include "shared/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/span.h"

void ot_address_of(struct ot_address *out, const struct sockaddr *from)
{
    *out = (struct ot_address){.is_v4 = false};
    if (from != NULL && from->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)from;

        out->is_v4 = true;
        memcpy(out->bytes, &v4->sin_addr, 4);
    } else if (from != NULL && from->sa_family == AF_INET6) {
        const struct sockaddr_in6 *address = (const void *)from;
        const struct in6_addr *v6 = &address->sin6_addr;

        out->is_v4 = IN6_IS_ADDR_V4MAPPED(v6);
        memcpy(out->bytes, out->is_v4 ? v6->s6_addr + 12 : v6->s6_addr,
               out->is_v4 ? 4 : 8);
    }
}

bool ot_address_equal(const struct ot_address *a, const struct ot_address *b)
{
    return a->is_v4 == b->is_v4 && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

uint32_t ot_address_hash(const struct ot_address *address)
{
    return (uint32_t)ot_span_hash(ot_span_of(address->bytes, sizeof(address->bytes)));
}

void ot_address_whole(char out[OT_ADDRESS_TEXT_MAX], const struct sockaddr *from)
{
    const struct sockaddr_in *v4 = (const void *)from;
    const struct sockaddr_in6 *v6 = (const void *)from;

    out[0] = '\0';
    if (from == NULL)
        return;
    if (from->sa_family == AF_INET)
        inet_ntop(AF_INET, &v4->sin_addr, out, OT_ADDRESS_TEXT_MAX);
    else if (from->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
        inet_ntop(AF_INET, v6->sin6_addr.s6_addr + 12, out, OT_ADDRESS_TEXT_MAX);
    else if (from->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &v6->sin6_addr, out, OT_ADDRESS_TEXT_MAX);
}

void ot_address_format(char out[OT_ADDRESS_TEXT_MAX], const struct ot_address *address)
{
    unsigned char whole[16] = {0};
    char text[INET6_ADDRSTRLEN] = "";

    memcpy(whole, address->bytes, sizeof(address->bytes));
    inet_ntop(address->is_v4 ? AF_INET : AF_INET6, whole, text, sizeof(text));
    snprintf(out, OT_ADDRESS_TEXT_MAX, "%s%s", text, address->is_v4 ? "" : "/64");
}
