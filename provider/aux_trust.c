#include "aux_trust.h"

#include <string.h>

#include "cache/config.h"

/* id-kp, RFC 5280 §4.2.1.12, up to the last arc: 1.3.6.1.5.5.7.3 */
#define ID_KP 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03
#define OID_LEN 10u

static const struct {
    unsigned purpose;
    uint8_t oid[OID_LEN];
} purposes_table[] = {
    {OT_PURPOSE_SERVER, {ID_KP, 1}},
    {OT_PURPOSE_CLIENT, {ID_KP, 2}},
    {OT_PURPOSE_CODE, {ID_KP, 3}},
    {OT_PURPOSE_EMAIL, {ID_KP, 4}},
};

#define PURPOSES (sizeof(purposes_table) / sizeof(purposes_table[0]))

_Static_assert(4 + PURPOSES * OID_LEN <= OT_AUX_TRUST_MAX, "all purposes fit");

/* SEQUENCE { [0] reject { anyExtendedKeyUsage } }: rejected for every purpose. */
static const uint8_t reject_all[] = {0x30, 0x08, 0xa0, 0x06, 0x06,
                                     0x04, 0x55, 0x1d, 0x25, 0x00};

void ot_aux_trust_make(struct ot_aux_trust *trust, unsigned purposes, bool active)
{
    const unsigned tls = OT_PURPOSE_SERVER | OT_PURPOSE_CLIENT;
    uint8_t *out = trust->der + 4;
    size_t i, len;

    trust->len = 0;
    if (!active) {
        memcpy(trust->der, reject_all, sizeof(reject_all));
        trust->len = sizeof(reject_all);
        return;
    }
    if ((purposes & tls) == tls)
        return;
    for (i = 0; i < PURPOSES; i++)
        if (purposes & purposes_table[i].purpose) {
            memcpy(out, purposes_table[i].oid, OID_LEN);
            out += OID_LEN;
        }
    /* SEQUENCE { trust SEQUENCE { the purposes } }; all lengths are below 128. */
    len = (size_t)(out - trust->der);
    trust->der[0] = 0x30;
    trust->der[1] = (uint8_t)(len - 2);
    trust->der[2] = 0x30;
    trust->der[3] = (uint8_t)(len - 4);
    trust->len = len;
}
