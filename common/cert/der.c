#include "cert/der_internal.h"

#include <string.h>

#include "base/text.h"

/* Constructed values inside each other: names in extensions come to a dozen. */
#define DEPTH_MAX 32

bool ot_der_next(struct ot_span *in, struct ot_der_value *value)
{
    size_t header = 2, len, octets;

    if (in->len < 2 || (in->data[0] & 0x1f) == 0x1f)
        return false;
    len = in->data[1];
    if (len >= 0x80) {
        octets = len & 0x7f;
        if (octets == 0 || octets > sizeof(uint32_t) || in->len < 2 + octets ||
            in->data[2] == 0)
            return false;
        for (len = 0; octets > 0; octets--)
            len = len << 8 | in->data[header++];
        if (len < 0x80)
            return false;
    }
    if (len > in->len - header)
        return false;
    value->tag = in->data[0];
    value->content = ot_span_of(in->data + header, len);
    value->whole = ot_span_of(in->data, header + len);
    *in = ot_span_of(in->data + header + len, in->len - header - len);
    return true;
}

bool ot_der_take(struct ot_span *in, unsigned tag, struct ot_span *content)
{
    struct ot_der_value value;
    struct ot_span rest = *in;

    if (!ot_der_next(&rest, &value) || value.tag != tag)
        return false;
    *in = rest;
    *content = value.content;
    return true;
}

bool ot_der_is_next(struct ot_span in, unsigned tag)
{
    return in.len > 0 && in.data[0] == tag;
}

bool ot_der_only(struct ot_span in, unsigned tag, struct ot_span *content)
{
    return ot_der_take(&in, tag, content) && in.len == 0;
}

/* §8.19: no sub-identifier begins with 0x80, the last one ends. */
static bool has_arcs(struct ot_span content, size_t octets_max)
{
    size_t octets = 0;

    if (content.len == 0 || (content.data[content.len - 1] & 0x80) != 0)
        return false;
    for (size_t i = 0; i < content.len; i++) {
        if ((octets == 0 && content.data[i] == 0x80) || octets == octets_max)
            return false;
        octets++;
        if ((content.data[i] & 0x80) == 0)
            octets = 0;
    }
    return true;
}

bool ot_der_is_oid(struct ot_span content)
{
    return has_arcs(content, SIZE_MAX);
}

bool ot_der_is_short_oid(struct ot_span content)
{
    return has_arcs(content, 9); /* of 7 bits */
}

/* §11.2.1: unused bits are zero. */
bool ot_der_is_bits(struct ot_span content)
{
    unsigned unused;

    if (content.len == 0)
        return false;
    unused = content.data[0];
    if (content.len == 1)
        return unused == 0;
    return unused <= 7 && (content.data[content.len - 1] & ((1u << unused) - 1)) == 0;
}

bool ot_der_is_true(struct ot_span content)
{
    return content.len == 1 && content.data[0] == 0xff;
}

bool ot_der_is_integer(struct ot_span content)
{
    if (content.len < 2)
        return content.len == 1;
    if (content.data[0] == 0x00)
        return (content.data[1] & 0x80) != 0;
    return content.data[0] != 0xff || (content.data[1] & 0x80) == 0;
}

bool ot_der_take_positive(struct ot_span *in, struct ot_span *magnitude)
{
    struct ot_span content;

    if (!ot_der_take(in, OT_DER_INTEGER, &content) || !ot_der_is_integer(content) ||
        (content.data[0] & 0x80) != 0)
        return false;
    if (content.data[0] == 0)
        content = ot_span_of(content.data + 1, content.len - 1);
    *magnitude = content;
    return content.len > 0;
}

size_t ot_der_bits_of(struct ot_span magnitude)
{
    size_t bits = 8 * magnitude.len;

    for (uint8_t mask = 0x80; (magnitude.data[0] & mask) == 0; mask >>= 1)
        bits--;
    return bits;
}

bool ot_der_is_count(struct ot_span content)
{
    return ot_der_is_integer(content) && content.len <= 4 &&
           (content.data[0] & 0x80) == 0;
}

static bool is_ascii(struct ot_span content)
{
    for (size_t i = 0; i < content.len; i++)
        if (content.data[i] >= 0x80)
            return false;
    return true;
}

/* UCS-2 has no surrogates, and UCS-4 ends where Unicode does. */
static bool is_wide(struct ot_span content, size_t width)
{
    if (content.len % width != 0)
        return false;
    for (size_t i = 0; i < content.len; i += width) {
        uint32_t c = 0;

        for (size_t j = 0; j < width; j++)
            c = c << 8 | content.data[i + j];
        if ((c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff)
            return false;
    }
    return true;
}

bool ot_der_is_string(unsigned tag, struct ot_span content)
{
    switch (tag) {
    case OT_DER_UTF8:
        return ot_text_is_utf8((const char *)content.data, content.len);
    case OT_DER_NUMERIC:
    case OT_DER_PRINTABLE:
    case OT_DER_IA5:
    case OT_DER_VISIBLE:
        return is_ascii(content);
    case OT_DER_TELETEX:
        return true;
    case OT_DER_BMP:
        return is_wide(content, 2);
    case OT_DER_UNIVERSAL:
        return is_wide(content, 4);
    default:
        return false;
    }
}

/* A value that holds no others. What is not of the universal class may hold anything. */
static bool is_primitive(const struct ot_der_value *value)
{
    switch (value->tag) {
    case OT_DER_BOOLEAN:
        return value->content.len == 1 &&
               (value->content.data[0] == 0 || value->content.data[0] == 0xff);
    case OT_DER_INTEGER:
    case OT_DER_ENUMERATED:
        return ot_der_is_integer(value->content);
    case OT_DER_BITS:
        return ot_der_is_bits(value->content);
    case OT_DER_NULL:
        return value->content.len == 0;
    case OT_DER_OID:
        return ot_der_is_oid(value->content);
    case OT_DER_OCTETS:
    case OT_DER_UTC_TIME:
    case OT_DER_GENERALIZED_TIME:
        return true;
    default:
        return value->tag >= 0x80 || ot_der_is_string(value->tag, value->content);
    }
}

/* §10.2: of the universal class only SEQUENCE and SET are constructed. */
static bool may_hold_values(unsigned tag)
{
    return (tag & 0x20) != 0 &&
           (tag >= 0x80 || tag == OT_DER_SEQUENCE || tag == OT_DER_SET);
}

bool ot_der_is_whole(struct ot_span in)
{
    /* What is to be read at each level. */
    struct ot_span left[DEPTH_MAX] = {OT_SPAN_ABSENT};
    struct ot_der_value value;
    size_t depth = 0;

    if (!ot_der_next(&in, &value) || in.len != 0)
        return false;
    for (;;) {
        if (may_hold_values(value.tag)) {
            if (depth == DEPTH_MAX)
                return false;
            left[depth++] = value.content;
        } else if (!is_primitive(&value)) {
            return false;
        }
        while (depth > 0 && left[depth - 1].len == 0)
            depth--;
        if (depth == 0)
            return true;
        if (!ot_der_next(&left[depth - 1], &value))
            return false;
    }
}
