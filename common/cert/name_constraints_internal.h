/* Name constraints (RFC 5280 §4.2.1.10) that permit what limits name, and nothing else of
 * DNS names, addresses and mail. */
#ifndef OT_CERT_NAME_CONSTRAINTS_INTERNAL_H
#define OT_CERT_NAME_CONSTRAINTS_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"

struct ot_name_limits;

/* The extension's contents, which the caller gives to OPENSSL_free, from those of the
 * certificate's own (absent: it has none) and the limits, which are some. What both
 * permit is permitted, what its own exclude is excluded, and other kinds of names stay as
 * they are. OT_E_PROTOCOL: they cannot be met, and the sentence says why. */
enum ot_status ot_name_constraints_make(uint8_t **out, size_t *len, struct ot_span own,
                                        const struct ot_name_limits *limits,
                                        struct ot_error *err);

#endif
