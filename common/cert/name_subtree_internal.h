/* Subtrees of names, as a name constraint has them (RFC 5280 §4.2.1.10): the base of one
 * is an IA5String (a DNS name; a mailbox, the host of mailboxes, or a dot and a domain)
 * or an address and its mask. What DNS constraints with a dot in front mean, which the
 * RFC leaves out, is what OpenSSL, GnuTLS and NSS all make of it: what lies below alone.
 */
#ifndef OT_CERT_NAME_SUBTREE_INTERNAL_H
#define OT_CERT_NAME_SUBTREE_INTERNAL_H

#include <stdbool.h>

#include "base/span.h"
#include "config/name_limits.h"

#define OT_SUBTREE_ADDRESS_MAX 32

/* What meets of two subtrees: one of both, or an address block made here. */
struct ot_subtree {
    struct ot_span base;
    uint8_t block[OT_SUBTREE_ADDRESS_MAX];
};

/* Whether all readers take it to mean the same. */
bool ot_subtree_is_good(enum ot_name_kind kind, struct ot_span base);

/* What lies in both of two that are good; false: nothing does. *out is not to be copied.
 */
bool ot_subtree_meet(struct ot_subtree *out, enum ot_name_kind kind, struct ot_span a,
                     struct ot_span b);

#endif
