#include "extension.h"

#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "cache/distrust.h"
#include "config/source.h"
#include "snapshot/record.h"
#include "snapshot/snapshot.h"
#include "token_policy.h"

/* 2.5.29.37 */
static const uint8_t extended_key_usage[] = {0x06, 0x03, 0x55, 0x1d, 0x25};

/* An extended key usage names one purpose at least (RFC 5280 §4.2.1.12). This is the one
 * that p11-kit has reserved to stand for none: 1.3.6.1.4.1.3319.6.10.16. */
static const uint8_t no_purpose[] = {0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04,
                                     0x01, 0x99, 0x77, 0x06, 0x0a, 0x10};

_Static_assert(sizeof(no_purpose) <= OT_PURPOSE_OIDS_MAX, "it fits, too");
_Static_assert(OT_RECORD_BARRED >> OT_RECORD_BARRED_SHIFT ==
                   (OT_PURPOSE_SERVER | OT_PURPOSE_CLIENT | OT_PURPOSE_EMAIL |
                    OT_PURPOSE_CODE),
               "the same bits");

bool ot_extension_is_in(const struct ot_token_policy *policy)
{
    return !policy->is_admin && !policy->is_distrust &&
           (ot_purposes_are_limited(policy->purposes) ||
            ot_distrust_is_partial(policy->distrust));
}

bool ot_extension_purposes(unsigned *purposes, struct ot_snapshot *snapshot,
                           const struct ot_record *record,
                           const struct ot_token_policy *policy, int64_t now)
{
    const struct ot_span key = record->field[OT_FIELD_SPKI];
    unsigned denied = 0;
    uint32_t barred = record->flags;
    struct ot_positions same;
    struct ot_record other;

    /* What cannot be looked at is no reason to trust for more. */
    *purposes = 0;
    if (ot_snapshot_find_few(snapshot, OT_INDEX_SPKI, key, &same, NULL) != OT_OK ||
        same.count > OT_SAME_MAX)
        return true;
    for (uint32_t i = 0; i < same.count; i++) {
        if (ot_snapshot_record(snapshot, &same, i, &other, NULL) != OT_OK)
            return true;
        if (!ot_span_equal(other.field[OT_FIELD_SPKI], key) ||
            !ot_token_policy_shows(policy, &other, now))
            continue;
        barred |= other.flags;
        denied |= ot_distrust_purposes(policy->distrust, &other, NULL);
    }
    *purposes = policy->purposes & ~denied & ~(barred >> OT_RECORD_BARRED_SHIFT);
    return denied != 0 || ot_purposes_are_limited(policy->purposes);
}

struct ot_span ot_extension_oid(void)
{
    return ot_span_of(extended_key_usage, sizeof(extended_key_usage));
}

/* The tag and length of len bytes, below 128: two bytes. */
static void put_der_header(uint8_t *out, uint8_t tag, size_t len)
{
    out[0] = tag;
    out[1] = (uint8_t)len;
}

size_t ot_extension_put(unsigned purposes, uint8_t out[OT_EXTENSION_MAX])
{
    /* SEQUENCE { extnID, extnValue OCTET STRING { SEQUENCE { the purposes } } } */
    const size_t oid = sizeof(extended_key_usage);
    uint8_t *const value = out + 2 + oid, *const oids = value + 2 + 2;
    size_t len = ot_purposes_put(purposes, oids);

    if (len == 0) {
        len = sizeof(no_purpose);
        memcpy(oids, no_purpose, len);
    }
    put_der_header(out, 0x30, oid + 2 + 2 + len);
    memcpy(out + 2, extended_key_usage, oid);
    put_der_header(value, 0x04, 2 + len);
    put_der_header(value + 2, 0x30, len);
    return 2 + oid + 2 + 2 + len;
}
