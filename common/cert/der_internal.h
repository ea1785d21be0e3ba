/* Reading DER (X.690 §10) as strictly as it is defined: what a lenient reader takes, a
 * strict one throws away. Nothing is copied, nothing recurses. */
#ifndef OT_CERT_DER_INTERNAL_H
#define OT_CERT_DER_INTERNAL_H

#include <stdbool.h>

#include "base/span.h"

/* Tags, with their class and constructed bits, as they stand in the first octet. */
enum ot_der_tag {
    OT_DER_BOOLEAN = 0x01,
    OT_DER_INTEGER = 0x02,
    OT_DER_BITS = 0x03,
    OT_DER_OCTETS = 0x04,
    OT_DER_NULL = 0x05,
    OT_DER_OID = 0x06,
    OT_DER_ENUMERATED = 0x0a,
    OT_DER_UTF8 = 0x0c,
    OT_DER_NUMERIC = 0x12,
    OT_DER_PRINTABLE = 0x13,
    OT_DER_TELETEX = 0x14,
    OT_DER_IA5 = 0x16,
    OT_DER_UTC_TIME = 0x17,
    OT_DER_GENERALIZED_TIME = 0x18,
    OT_DER_VISIBLE = 0x1a,
    OT_DER_UNIVERSAL = 0x1c,
    OT_DER_BMP = 0x1e,
    OT_DER_SEQUENCE = 0x30,
    OT_DER_SET = 0x31
};
#define OT_DER_CONTEXT(n) (0x80u | (n))     /* [n] of a primitive */
#define OT_DER_CONSTRUCTED(n) (0xa0u | (n)) /* [n] of a constructed, or EXPLICIT */

/* One value: its contents, and all of it with tag and length. */
struct ot_der_value {
    unsigned tag;
    struct ot_span content, whole;
};

/* Takes the next value off the front of *in; false, and nothing taken, where there is
 * none or its tag or length is not DER. Tags above 30, which no certificate needs, are
 * refused. */
bool ot_der_next(struct ot_span *in, struct ot_der_value *value);

/* The same where only one tag will do. content may be in. */
bool ot_der_take(struct ot_span *in, unsigned tag, struct ot_span *content);
bool ot_der_is_next(struct ot_span in, unsigned tag);

/* A value that has nothing behind it. */
bool ot_der_only(struct ot_span in, unsigned tag, struct ot_span *content);

/* Contents of one universal primitive. */
bool ot_der_is_oid(struct ot_span content);
/* An OID whose arcs fit into 63 bits: GnuTLS throws a whole file away for a longer one
 * that names an extension, an attribute or an algorithm. */
bool ot_der_is_short_oid(struct ot_span content);
bool ot_der_is_bits(struct ot_span content);
bool ot_der_is_true(struct ot_span content);
/* An INTEGER that is not negative and fits into 31 bits, as Java holds those it counts
 * with. */
bool ot_der_is_count(struct ot_span content);
bool ot_der_is_integer(struct ot_span content);

/* Takes a positive INTEGER, without its leading zero; false: it is none. */
bool ot_der_take_positive(struct ot_span *in, struct ot_span *magnitude);
/* How many bits such a magnitude has. */
size_t ot_der_bits_of(struct ot_span magnitude);

/* Whether a string of this tag holds what its type may hold: well-formed UTF-8, whole
 * characters, no octet above 127 where the type has none. Other tags: false. */
bool ot_der_is_string(unsigned tag, struct ot_span content);

/* Whether exactly one value is there, and it and all inside it are DER. */
bool ot_der_is_whole(struct ot_span in);

#endif
