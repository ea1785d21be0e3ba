/* Name constraints (RFC 5280 §4.2.1.10) that permit what limits name, and nothing else of
 * DNS names, addresses and mail. */
#ifndef OT_CERT_NAME_CONSTRAINTS_INTERNAL_H
#define OT_CERT_NAME_CONSTRAINTS_INTERNAL_H

#include <openssl/x509v3.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"
#include "config/name_limits.h"

/* Nobody has a mailbox there (RFC 2606 §2). To OpenSSL an empty name of a host, or a
 * dot, is no mailbox, where it is every one to others: so all are excluded by permitting
 * and excluding a single host. */
#define OT_NO_MAIL_HOST "invalid"

/* The kind that a subtree is of; OT_NAME_KINDS: none that is limited, and has no base. */
enum ot_name_kind ot_subtree_kind(const GENERAL_SUBTREE *subtree);
struct ot_span ot_subtree_base(const GENERAL_SUBTREE *subtree);

/* The extension's contents, which the caller gives to OPENSSL_free, from those of the
 * certificate's own (absent: it has none) and the limits, which are some. What both
 * permit is permitted, what its own exclude is excluded, and other kinds of names stay as
 * they are. OT_E_PROTOCOL: they cannot be met, and the sentence says why. */
enum ot_status ot_name_constraints_make(uint8_t **out, size_t *len, struct ot_span own,
                                        const struct ot_name_limits *limits,
                                        struct ot_error *err);

/* What a certificate with limits on it permits, and what of that it excludes, in the
 * configuration's words: "a.example, 10.0.0.0/8". Both are the caller's to free, "" is
 * nothing, and other kinds of names are left out. */
enum ot_status ot_name_permits_text(char **permitted, char **excluded, const X509 *cert,
                                    struct ot_error *err);

#endif
