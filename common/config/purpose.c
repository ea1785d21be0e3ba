#include "config/purpose.h"

#include <stdio.h>
#include <string.h>

#include "config/source.h"

/* id-kp, RFC 5280 §4.2.1.12, up to the last arc: 1.3.6.1.5.5.7.3 */
#define ID_KP 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03

static const struct {
    unsigned purpose;
    const char *word; /* of the configuration */
    uint8_t oid[OT_PURPOSE_OID_LEN];
} table[] = {
    {OT_PURPOSE_SERVER, "server", {ID_KP, 1}},
    {OT_PURPOSE_CLIENT, "client", {ID_KP, 2}},
    {OT_PURPOSE_CODE, "code", {ID_KP, 3}},
    {OT_PURPOSE_EMAIL, "email", {ID_KP, 4}},
};

_Static_assert(sizeof(table) / sizeof(table[0]) * OT_PURPOSE_OID_LEN ==
                   OT_PURPOSE_OIDS_MAX,
               "all purposes fit");

bool ot_purposes_are_limited(unsigned purposes)
{
    return (purposes & OT_PURPOSES_TLS) != OT_PURPOSES_TLS;
}

const char *ot_purposes_text(char buf[OT_PURPOSES_TEXT_MAX], unsigned purposes)
{
    size_t len = 0;

    buf[0] = '\0';
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (purposes & table[i].purpose)
            len += (size_t)snprintf(buf + len, OT_PURPOSES_TEXT_MAX - len, "%s%s",
                                    len > 0 ? ", " : "", table[i].word);
    return buf;
}

const char *ot_purposes_denied_text(char buf[OT_PURPOSES_TEXT_MAX], unsigned denied)
{
    char words[OT_PURPOSES_TEXT_MAX];

    buf[0] = '\0';
    if (denied != OT_PURPOSES_ALL)
        snprintf(buf, OT_PURPOSES_TEXT_MAX, " for %.30s",
                 ot_purposes_text(words, denied));
    return buf;
}

size_t ot_purposes_put(unsigned purposes, uint8_t out[OT_PURPOSE_OIDS_MAX])
{
    size_t len = 0;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (purposes & table[i].purpose) {
            memcpy(out + len, table[i].oid, OT_PURPOSE_OID_LEN);
            len += OT_PURPOSE_OID_LEN;
        }
    return len;
}
