/* The elements of DER, as far as a plugin needs them: a tag, a length, a value. */
#ifndef OT_SNAPSHOT_TLV_INTERNAL_H
#define OT_SNAPSHOT_TLV_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ot_tlv {
    uint8_t tag;
    const uint8_t *whole, *value;
    size_t whole_len, len;
};

struct ot_tlv_cursor {
    const uint8_t *at;
    size_t left;
};

/* The next element; only low tags and definite lengths of at most four bytes, which is
 * all that a Name in DER holds. */
static inline bool ot_tlv_next(struct ot_tlv_cursor *cursor, struct ot_tlv *out)
{
    const uint8_t *p = cursor->at;
    size_t header = 2, len, i, octets;

    if (cursor->left < 2 || (p[0] & 0x1f) == 0x1f)
        return false;
    len = p[1];
    if (len >= 0x80) {
        octets = len & 0x7f;
        if (octets == 0 || octets > 4 || cursor->left < 2 + octets)
            return false;
        for (len = 0, i = 0; i < octets; i++)
            len = len << 8 | p[2 + i];
        header += octets;
    }
    if (len > cursor->left - header)
        return false;
    *out = (struct ot_tlv){p[0], p, p + header, header + len, len};
    cursor->at += out->whole_len;
    cursor->left -= out->whole_len;
    return true;
}

#endif
