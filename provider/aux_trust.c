#include "aux_trust_internal.h"

#include <string.h>

#include "config/purpose.h"

_Static_assert(3 * 2 + OT_PURPOSE_OIDS_MAX <= OT_AUX_TRUST_MAX,
               "each purpose is in one of two lists");

/* SEQUENCE { [0] reject { anyExtendedKeyUsage } }: rejected for every purpose. */
static const uint8_t reject_all[] = {0x30, 0x08, 0xa0, 0x06, 0x06,
                                     0x04, 0x55, 0x1d, 0x25, 0x00};

/* A list of purposes under a tag; all lengths are below 128. Returns behind it. */
static uint8_t *put_purposes(uint8_t *out, uint8_t tag, unsigned purposes)
{
    size_t len = ot_purposes_put(purposes, out + 2);

    out[0] = tag;
    out[1] = (uint8_t)len;
    return out + 2 + len;
}

void ot_aux_trust_make(struct ot_aux_trust *trust, unsigned purposes, unsigned denied)
{
    unsigned left = purposes & ~denied;
    uint8_t *end = trust->der + 2;

    trust->len = 0;
    if (left == 0) {
        memcpy(trust->der, reject_all, sizeof(reject_all));
        trust->len = sizeof(reject_all);
        return;
    }
    if (ot_purposes_are_limited(left))
        end = put_purposes(end, 0x30, left); /* trust, a SEQUENCE */
    if (denied != 0)
        end = put_purposes(end, 0xa0, denied); /* reject, [0] */
    if (end == trust->der + 2)
        return;
    trust->len = (size_t)(end - trust->der);
    trust->der[0] = 0x30;
    trust->der[1] = (uint8_t)(trust->len - 2);
}
