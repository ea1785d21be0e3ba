/* Who asks, as far as limits go: an IPv4 address, or a network of IPv6 (/64), all of
 * whose addresses one owner may use. */
#ifndef OT_SERVER_SHARED_ADDRESS_H
#define OT_SERVER_SHARED_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* An IPv6 network as text, "/64" and NUL. */
#define OT_ADDRESS_TEXT_MAX 56

struct ot_address {
    unsigned char bytes[8]; /* the rest of an IPv4 address's is zero */
    bool is_v4;
};

/* An IPv4 address that IPv6 carries is that address; anything else is all zero. */
void ot_address_of(struct ot_address *out, const struct sockaddr *from);
bool ot_address_equal(const struct ot_address *a, const struct ot_address *b);
uint32_t ot_address_hash(const struct ot_address *address);
/* The whole address; "" where there is none. */
void ot_address_whole(char out[OT_ADDRESS_TEXT_MAX], const struct sockaddr *from);
void ot_address_format(char out[OT_ADDRESS_TEXT_MAX], const struct ot_address *address);

#endif
