#include "snapshot/twin.h"

#include "base/span.h"
#include "snapshot/record.h"
#include "snapshot/tlv_internal.h"

/* The bits of a SubjectPublicKeyInfo (RFC 5280 §4.1), of which none is left over. Absent:
 * it is none. */
static struct ot_span key_bits(struct ot_span spki)
{
    struct ot_tlv_cursor in = {spki.data, spki.len};
    struct ot_tlv key, algorithm, bits;

    if (!ot_tlv_next(&in, &key))
        return OT_SPAN_ABSENT;
    in = (struct ot_tlv_cursor){key.value, key.len};
    if (!ot_tlv_next(&in, &algorithm) || !ot_tlv_next(&in, &bits) || bits.len == 0)
        return OT_SPAN_ABSENT;
    return ot_span_of(bits.value + 1, bits.len - 1);
}

/* The x of a point on a curve, compressed, plain or hybrid (SEC 1 §2.3.3); absent: these
 * bits are none. */
static struct ot_span point_x(struct ot_span bits)
{
    const uint8_t form = bits.len > 1 ? bits.data[0] : 0;

    if (form == 2 || form == 3)
        return ot_span_of(bits.data + 1, bits.len - 1);
    if ((form == 4 || form == 6 || form == 7) && bits.len % 2 == 1)
        return ot_span_of(bits.data + 1, bits.len / 2);
    return OT_SPAN_ABSENT;
}

/* The algorithm in front of a key may be written in several ways, too: RSA with or
 * without NULL, or as RSASSA-PSS; a curve by its name or spelled out. Of the two points
 * of one x who has the one private key has the other. */
static bool is_same_key(struct ot_span a, struct ot_span b)
{
    struct ot_span bits, x;

    if (a.data == NULL || ot_span_equal(a, b))
        return a.data != NULL;
    bits = key_bits(a);
    if (bits.data == NULL || b.data == NULL)
        return false;
    x = point_x(bits);
    return ot_span_equal(bits, key_bits(b)) ||
           (x.data != NULL && ot_span_equal(x, point_x(key_bits(b))));
}

bool ot_record_is_twin(const struct ot_record *a, const struct ot_record *b)
{
    return ot_span_equal(a->field[OT_FIELD_SUBJECT_CANON],
                         b->field[OT_FIELD_SUBJECT_CANON]) &&
           is_same_key(a->field[OT_FIELD_SPKI], b->field[OT_FIELD_SPKI]);
}

/* By the name, which has one canonical form, as a key has not. */
enum ot_status ot_twins_find(struct ot_snapshot *snapshot, const struct ot_record *record,
                             struct ot_positions *out, struct ot_error *err)
{
    return ot_snapshot_find(snapshot, OT_INDEX_SUBJECT_CANON,
                            record->field[OT_FIELD_SUBJECT_CANON], OT_SPAN_ABSENT, out,
                            err);
}
