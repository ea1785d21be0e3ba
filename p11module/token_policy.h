/* How a token shows what its source has. */
#ifndef OT_P11_TOKEN_POLICY_H
#define OT_P11_TOKEN_POLICY_H

#include <stdbool.h>
#include <stdint.h>

struct ot_distrust;
struct ot_record;

struct ot_token_policy {
    unsigned purposes; /* enum ot_purpose of the source: trusted for, or denied */
    bool is_admin;
    bool is_distrust;             /* of a source that says no */
    struct ot_distrust *distrust; /* what others say no to; NULL: nothing, or it is all
                                     the same here */
};

/* The source's purposes, without those for which other sources say no to the certificate.
 */
unsigned ot_token_policy_purposes(const struct ot_token_policy *policy,
                                  const struct ot_record *record);

/* Whether the certificate is shown at all at Unix time now: a trust anchor that all
 * readers of tokens can read, to which sources leave some purpose, and one that this
 * process holds to the limits on its names if it has any; or what is distrusted for
 * servers, valid or not; or usable and to be administered. Java and OpenSSL's PKCS#11
 * providers trust, or fail over, whatever a token holds, so that nothing else may be in
 * one that is for trust.
 *
 * Readers of a no take it for one to all purposes: NSS asks nobody else about any of them
 * then, and p11-kit knows none. So one that leaves servers theirs is not told here. */
bool ot_token_policy_shows(const struct ot_token_policy *policy,
                           const struct ot_record *record, int64_t now);

#endif
