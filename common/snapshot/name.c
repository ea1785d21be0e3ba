#include "snapshot/name.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/tlv_internal.h"

/* Universal tags (X.680 §8.4). */
enum {
    TAG_OID = 0x06,
    TAG_UTF8 = 0x0c,
    TAG_PRINTABLE = 0x13,
    TAG_T61 = 0x14,
    TAG_IA5 = 0x16,
    TAG_VISIBLE = 0x1a,
    TAG_UNIVERSAL = 0x1c,
    TAG_BMP = 0x1e,
    TAG_SEQUENCE = 0x30,
    TAG_SET = 0x31
};

/* Output of a known largest size. */
struct out {
    uint8_t *at;
};

static size_t header_len(size_t len)
{
    return len < 0x80 ? 2 : len < 0x100 ? 3 : len < 0x10000 ? 4 : len < 0x1000000 ? 5 : 6;
}

static void put_header(struct out *out, uint8_t tag, size_t len)
{
    size_t octets = header_len(len) - 2;

    *out->at++ = tag;
    if (octets == 0) {
        *out->at++ = (uint8_t)len;
        return;
    }
    *out->at++ = (uint8_t)(0x80 | octets);
    while (octets-- > 0)
        *out->at++ = (uint8_t)(len >> (8 * octets));
}

static bool put_utf8(struct out *out, uint32_t c)
{
    if (c < 0x80) {
        *out->at++ = (uint8_t)c;
    } else if (c < 0x800) {
        *out->at++ = (uint8_t)(0xc0 | c >> 6);
        *out->at++ = (uint8_t)(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        if (c >= 0xd800 && c <= 0xdfff)
            return false;
        *out->at++ = (uint8_t)(0xe0 | c >> 12);
        *out->at++ = (uint8_t)(0x80 | (c >> 6 & 0x3f));
        *out->at++ = (uint8_t)(0x80 | (c & 0x3f));
    } else if (c < 0x110000) {
        *out->at++ = (uint8_t)(0xf0 | c >> 18);
        *out->at++ = (uint8_t)(0x80 | (c >> 12 & 0x3f));
        *out->at++ = (uint8_t)(0x80 | (c >> 6 & 0x3f));
        *out->at++ = (uint8_t)(0x80 | (c & 0x3f));
    } else {
        return false;
    }
    return true;
}

/* Bytes a character takes in a string of this type; 0: UTF-8 already; -1: not a type that
 * is canonicalised. */
static int char_width(uint8_t tag)
{
    switch (tag) {
    case TAG_UTF8:
        return 0;
    case TAG_PRINTABLE:
    case TAG_T61:
    case TAG_IA5:
    case TAG_VISIBLE:
        return 1;
    case TAG_BMP:
        return 2;
    case TAG_UNIVERSAL:
        return 4;
    default:
        return -1;
    }
}

static bool to_utf8(struct out *out, const struct ot_tlv *value, int width)
{
    uint32_t c;
    int k;

    if (width == 0) {
        memcpy(out->at, value->value, value->len);
        out->at += value->len;
        return true;
    }
    if (value->len % (size_t)width != 0)
        return false;
    for (size_t i = 0; i < value->len; i += (size_t)width) {
        for (c = 0, k = 0; k < width; k++)
            c = c << 8 | value->value[i + (size_t)k];
        if (!put_utf8(out, c))
            return false;
    }
    return true;
}

/* OpenSSL's ossl_isspace: the C locale's, whatever the host's locale is. */
static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Folds text in place; returns its new length. */
static size_t fold_case(uint8_t *text, size_t len)
{
    size_t from = 0, to = 0;

    while (len > 0 && is_space(text[len - 1]))
        len--;
    while (from < len && is_space(text[from]))
        from++;
    while (from < len) {
        if (is_space(text[from])) {
            text[to++] = ' ';
            while (is_space(text[from])) /* ends: the last byte is not a space */
                from++;
        } else {
            text[to++] = text[from] >= 'A' && text[from] <= 'Z'
                             ? (uint8_t)(text[from] | 0x20)
                             : text[from];
            from++;
        }
    }
    return to;
}

/* One AttributeTypeAndValue in canonical form. scratch holds the folded value meanwhile.
 */
static bool put_attribute(struct out *out, const struct ot_tlv *attribute,
                          uint8_t *scratch)
{
    struct ot_tlv_cursor in = {attribute->value, attribute->len};
    struct out text = {scratch};
    struct ot_tlv type, value;
    size_t len;
    int width;

    if (attribute->tag != TAG_SEQUENCE || !ot_tlv_next(&in, &type) ||
        type.tag != TAG_OID || !ot_tlv_next(&in, &value) || in.left != 0)
        return false;
    width = char_width(value.tag);
    if (width < 0) {
        put_header(out, TAG_SEQUENCE, type.whole_len + value.whole_len);
        memcpy(out->at, type.whole,
               type.whole_len + value.whole_len); /* they are adjacent */
        out->at += type.whole_len + value.whole_len;
        return true;
    }
    if (!to_utf8(&text, &value, width))
        return false;
    len = fold_case(scratch, (size_t)(text.at - scratch));
    put_header(out, TAG_SEQUENCE, type.whole_len + header_len(len) + len);
    memcpy(out->at, type.whole, type.whole_len);
    out->at += type.whole_len;
    put_header(out, TAG_UTF8, len);
    memcpy(out->at, scratch, len);
    out->at += len;
    return true;
}

/* DER order of a SET OF (X.690 §11.6): as octet strings, the shorter first when it is a
 * prefix. */
static int compare_elements(const void *a, const void *b)
{
    const struct ot_tlv *x = a, *y = b;
    size_t common = x->whole_len < y->whole_len ? x->whole_len : y->whole_len;
    int order = memcmp(x->whole, y->whole, common);

    if (order != 0)
        return order;
    return (x->whole_len > y->whole_len) - (x->whole_len < y->whole_len);
}

/* Brings the n elements at bytes[0..len) into DER order. */
static bool sort_elements(uint8_t *bytes, size_t len, size_t n)
{
    struct ot_tlv *elements = calloc(n, sizeof(*elements));
    uint8_t *copy = malloc(len), *to = bytes;
    struct ot_tlv_cursor in = {copy, len};
    bool ok = elements != NULL && copy != NULL;

    if (ok) {
        memcpy(copy, bytes, len);
        for (size_t i = 0; i < n && ok; i++)
            ok = ot_tlv_next(&in, &elements[i]);
    }
    if (ok) {
        qsort(elements, n, sizeof(*elements), compare_elements);
        for (size_t i = 0; i < n; i++) {
            memcpy(to, elements[i].whole, elements[i].whole_len);
            to += elements[i].whole_len;
        }
    }
    free(copy);
    free(elements);
    return ok;
}

/* One RelativeDistinguishedName: its attributes are laid down behind room for the longest
 * header, then moved up to the real one. */
static bool put_rdn(struct out *out, const struct ot_tlv *rdn, uint8_t *scratch)
{
    struct ot_tlv_cursor in = {rdn->value, rdn->len};
    uint8_t *content = out->at + header_len(SIZE_MAX);
    struct out body = {content};
    struct ot_tlv attribute;
    size_t n = 0, len;

    if (rdn->tag != TAG_SET || rdn->len == 0)
        return false;
    for (; in.left > 0; n++)
        if (!ot_tlv_next(&in, &attribute) || !put_attribute(&body, &attribute, scratch))
            return false;
    len = (size_t)(body.at - content);
    if (n > 1 && !sort_elements(content, len, n))
        return false;
    put_header(out, TAG_SET, len);
    memmove(out->at, content, len);
    out->at += len;
    return true;
}

uint8_t *ot_name_canon(const uint8_t *der, size_t len, size_t *out_len)
{
    struct ot_tlv_cursor in = {der, len};
    struct ot_tlv name, rdn;
    uint8_t *bytes = NULL, *scratch;
    struct out out;
    size_t room;

    if (!ot_tlv_next(&in, &name) || name.tag != TAG_SEQUENCE || in.left != 0)
        return NULL;
    /* A Latin-1 character doubles at most, a BMP one grows by half, an empty value keeps
     * its header; a header may grow by four bytes where its content doubles: three
     * headers for at least nine bytes of input. One more longest header for put_rdn's
     * room. */
    room = 4 * name.len + 16;
    bytes = malloc(2 * room);
    if (bytes == NULL)
        return NULL;
    scratch = bytes + room;
    out.at = bytes;
    in = (struct ot_tlv_cursor){name.value, name.len};
    while (in.left > 0) {
        if (!ot_tlv_next(&in, &rdn) || !put_rdn(&out, &rdn, scratch)) {
            free(bytes);
            return NULL;
        }
    }
    *out_len = (size_t)(out.at - bytes);
    return bytes;
}
