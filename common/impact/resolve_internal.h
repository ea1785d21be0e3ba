/* From a server's name to its addresses, within a time that the system's resolver does
 * not know. */
#ifndef OT_IMPACT_RESOLVE_INTERNAL_H
#define OT_IMPACT_RESOLVE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/error.h"

struct ot_endpoint;

#define OT_ADDRESSES_MAX 8 /* of one name: those that a client would try */
#define OT_ADDRESSES_WHY_MAX 128

struct ot_address {
    struct sockaddr_storage storage;
    socklen_t len;
};

/* count 0: why says what the resolver said. */
struct ot_addresses {
    struct ot_address items[OT_ADDRESSES_MAX];
    size_t count;
    char why[OT_ADDRESSES_WHY_MAX];
};

/* The address as a server's host and port; false: it is of another kind. */
bool ot_address_endpoint(struct ot_endpoint *endpoint, const struct ot_address *address);

/* addresses[i] becomes that of endpoints[i]; all at once, those that are not found by
 * until_ms (of ot_clock_ms) without. Addresses need no resolver. A name that is not found
 * is no failure; OT_E_INTERRUPTED once *stop, which may be NULL, is not zero. */
enum ot_status ot_endpoints_resolve(struct ot_addresses *const *addresses,
                                    const struct ot_endpoint *const *endpoints,
                                    size_t count, int64_t until_ms,
                                    const volatile int *stop, struct ot_error *err);

#endif
