#include "aux_trust_internal.h"

#include <string.h>

#include "config/purpose.h"

_Static_assert(4 + OT_PURPOSE_OIDS_MAX <= OT_AUX_TRUST_MAX, "all purposes fit");

/* SEQUENCE { [0] reject { anyExtendedKeyUsage } }: rejected for every purpose. */
static const uint8_t reject_all[] = {0x30, 0x08, 0xa0, 0x06, 0x06,
                                     0x04, 0x55, 0x1d, 0x25, 0x00};

void ot_aux_trust_make(struct ot_aux_trust *trust, unsigned purposes, bool active)
{
    size_t len;

    trust->len = 0;
    if (!active) {
        memcpy(trust->der, reject_all, sizeof(reject_all));
        trust->len = sizeof(reject_all);
        return;
    }
    if (!ot_purposes_are_limited(purposes))
        return;
    /* SEQUENCE { trust SEQUENCE { the purposes } }; all lengths are below 128. */
    len = 4 + ot_purposes_put(purposes, trust->der + 4);
    trust->der[0] = 0x30;
    trust->der[1] = (uint8_t)(len - 2);
    trust->der[2] = 0x30;
    trust->der[3] = (uint8_t)(len - 4);
    trust->len = len;
}
