#include <string.h>

#include "cert/reading_internal.h"
#include "cert/tbs_internal.h"

/* Bit 5 of KeyUsage (RFC 5280 §4.2.1.3), in its first octet. */
#define KEY_CERT_SIGN 0x04

/* The last octet of id-ce 2.5.29.n. */
enum { SUBJECT_KEY = 0x0e, USAGE = 0x0f, CONSTRAINTS = 0x13, AUTHORITY_KEY = 0x23 };

struct plain {
    struct ot_reading *out;
    bool is_authority; /* its basic constraints say so */
    bool may_sign;     /* its key usage, where it has one, allows certificates */
};

static bool read_key_usage(struct plain *plain, struct ot_span value)
{
    struct ot_span bits;

    if (!ot_der_only(value, OT_DER_BITS, &bits) || bits.len < 2)
        return false;
    plain->may_sign = (bits.data[1] & KEY_CERT_SIGN) != 0;
    return bits.len <= 3; /* of more OpenSSL takes no notice */
}

static bool read_basic_constraints(struct plain *plain, struct ot_span value)
{
    struct ot_span content, is_ca;

    if (!ot_der_only(value, OT_DER_SEQUENCE, &content))
        return false;
    plain->is_authority =
        ot_der_take(&content, OT_DER_BOOLEAN, &is_ca) && ot_der_is_true(is_ca);
    return true;
}

/* A key identifier alone: not the issuer's names and number. */
static bool read_authority_id(struct plain *plain, struct ot_span value)
{
    struct ot_span content;

    return ot_der_only(value, OT_DER_SEQUENCE, &content) &&
           ot_der_only(content, OT_DER_CONTEXT(0u), &plain->out->authority_key_id);
}

static bool read_extension(struct plain *plain, const struct ot_extension *extension)
{
    struct ot_span type = extension->type;

    if (type.len != 3 || memcmp(type.data, "\x55\x1d", 2) != 0)
        return false;
    switch (type.data[2]) {
    case SUBJECT_KEY:
        return ot_der_only(extension->value, OT_DER_OCTETS, &plain->out->key_id);
    case USAGE:
        return read_key_usage(plain, extension->value);
    case CONSTRAINTS:
        return read_basic_constraints(plain, extension->value);
    case AUTHORITY_KEY:
        return read_authority_id(plain, extension->value);
    default:
        return false;
    }
}

/* A key that is fit has no bits left over. */
static bool locate_key_bits(struct ot_reading *out, struct ot_span key)
{
    struct ot_span algorithm, bits;

    if (!ot_der_take(&key, OT_DER_SEQUENCE, &algorithm) ||
        !ot_der_only(key, OT_DER_BITS, &bits) || bits.len == 0 || bits.data[0] != 0)
        return false;
    out->key = ot_span_of(bits.data + 1, bits.len - 1);
    return true;
}

bool ot_reading_plain(struct ot_reading *out, struct ot_span der)
{
    struct plain plain = {.out = out, .may_sign = true};
    struct ot_extension extension;
    struct ot_span list;
    struct ot_tbs tbs;

    *out = (struct ot_reading){.is_sound = true};
    if (!ot_tbs_split(&tbs, der) || !ot_tbs_is_version_3(&tbs) ||
        !locate_key_bits(out, tbs.key) ||
        !ot_der_only(tbs.extensions, OT_DER_SEQUENCE, &list))
        return false;
    while (list.len > 0)
        if (!ot_extension_take(&list, &extension) || !read_extension(&plain, &extension))
            return false;
    out->is_ca = plain.is_authority && plain.may_sign;
    out->names_own_key = out->authority_key_id.data == NULL || out->key_id.data == NULL ||
                         ot_span_equal(out->authority_key_id, out->key_id);
    return true;
}
