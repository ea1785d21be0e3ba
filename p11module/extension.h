/* The extension of an anchor that is limited to some purposes: an extended key usage that
 * takes the place of the certificate's own for everything that reads stapled extensions
 * (p11-kit, GnuTLS). They ask for it by the anchor's public key, and of several they
 * believe the last one, so that all certificates of one key have the same. */
#ifndef OT_P11_EXTENSION_H
#define OT_P11_EXTENSION_H

#include "base/span.h"
#include "config/purpose.h"

struct ot_token_policy;
struct ot_record;
struct ot_snapshot;

/* Four headers of two bytes, the OBJECT IDENTIFIER of five for the extension itself, and
 * those of the purposes. */
#define OT_EXTENSION_MAX (4u * 2u + 3u + OT_PURPOSE_OIDS_MAX)

/* Whether a token may have such objects: else its anchors are plain. */
bool ot_extension_is_in(const struct ot_token_policy *policy);

/* What remains of the source's purposes (enum ot_purpose) for a certificate's key at Unix
 * time now: what no anchor of that key leaves out by its own extended key usage, and no
 * source denies one of them. False: it is a plain anchor. */
bool ot_extension_purposes(unsigned *purposes, struct ot_snapshot *snapshot,
                           const struct ot_record *record,
                           const struct ot_token_policy *policy, int64_t now);

/* id-ce-extKeyUsage, DER. */
struct ot_span ot_extension_oid(void);

/* The whole Extension (RFC 5280 §4.1) in DER: how many bytes. */
size_t ot_extension_put(unsigned purposes, uint8_t out[OT_EXTENSION_MAX]);

#endif
