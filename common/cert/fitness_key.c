/* Keys and the algorithms that they are for (RFC 3279, 4055, 5480, 8410). The arithmetic
 * of curves is OpenSSL's; an RSA key is looked at where it lies, which costs a hundredth
 * of having OpenSSL make an object of it. */
#include <openssl/err.h>
#include <string.h>

#include "base/span.h"
#include "cert/curve_internal.h"
#include "cert/der_internal.h"
#include "cert/fitness_parts_internal.h"
#include "cert/fitness_verdict_internal.h"
#include "snapshot/record.h"

/* Java's bounds: fewer is no RSA key to it, and OpenSSL verifies with no more. */
#define RSA_BITS_MIN 505 /* 512 in whole octets */
#define RSA_BITS_MAX 16384

#define JAVA_ALONE "Java would throw away every certificate beside it"
#define BAD_KEY                                                                          \
    "its key is no %s key: no reader can verify with it, and Java would throw "          \
    "away every certificate beside it"

static bool is_oid(struct ot_span oid, const char *der, size_t len)
{
    return oid.len == len && memcmp(oid.data, der, len) == 0;
}

static bool is_less(struct ot_span a, struct ot_span b)
{
    return a.len != b.len ? a.len < b.len : memcmp(a.data, b.data, a.len) < 0;
}

static bool is_odd(struct ot_span magnitude)
{
    return (magnitude.data[magnitude.len - 1] & 1) != 0;
}

static void check_rsa(struct ot_fitness *out, struct ot_span parameters,
                      struct ot_span bits)
{
    struct ot_span key, modulus, exponent, null;
    bool is_one;

    if (!ot_der_only(bits, OT_DER_SEQUENCE, &key) ||
        !ot_der_take_positive(&key, &modulus) || !ot_der_take_positive(&key, &exponent) ||
        key.len != 0 ||
        (parameters.len > 0 &&
         (!ot_der_only(parameters, OT_DER_NULL, &null) || null.len != 0))) {
        ot_fitness_withhold(out, OT_PLACES_ALL, BAD_KEY, "well-formed RSA");
        return;
    }
    is_one = exponent.len == 1 && exponent.data[0] == 1;
    if (!is_odd(modulus) || !is_odd(exponent) || is_one || !is_less(exponent, modulus) ||
        ot_der_bits_of(modulus) < RSA_BITS_MIN || ot_der_bits_of(modulus) > RSA_BITS_MAX)
        ot_fitness_withhold(out, OT_PLACES_ALL,
                            "its RSA key, of %zu bits, is one that anybody can forge a "
                            "signature for or that nobody can verify with: " JAVA_ALONE,
                            ot_der_bits_of(modulus));
}

/* Curves that Java can name, by their OID's last octet. */
static bool is_curve_of_java(struct ot_span oid)
{
    static const struct {
        const char *prefix;
        size_t len;
        uint64_t last; /* bit n: n is one */
    } arcs[] = {
        {"\x2b\x81\x04\x00", 4, 0xffffc387fe},
        {"\x2a\x86\x48\xce\x3d\x03\x01", 7, 0xfe},
        {"\x2a\x86\x48\xce\x3d\x03\x00", 7, 0x1438e0},
        {"\x2b\x24\x03\x03\x02\x08\x01\x01", 8, 0x2aaa},
    };

    for (size_t i = 0; i < sizeof(arcs) / sizeof(arcs[0]); i++)
        if (oid.len == arcs[i].len + 1 && oid.data[arcs[i].len] < 64 &&
            memcmp(oid.data, arcs[i].prefix, arcs[i].len) == 0)
            return (arcs[i].last >> oid.data[arcs[i].len] & 1) != 0;
    return false;
}

static void check_point(struct ot_fitness *out, struct ot_span parameters,
                        struct ot_span bits)
{
    enum ot_curve_verdict verdict = ot_curve_check(parameters, bits);

    if (verdict == OT_CURVE_UNKNOWN)
        ot_fitness_withhold(
            out, OT_PLACES_JAVA | OT_RECORD_WITHHELD_OPENSSL,
            "its key is on a curve that OpenSSL and Java do not know: " JAVA_ALONE);
    else if (verdict == OT_CURVE_NO_POINT)
        ot_fitness_withhold(out, OT_PLACES_ALL,
                            "its key is no point on its curve: no reader can verify with "
                            "it, and " JAVA_ALONE);
    ERR_clear_error();
}

static void check_ec(struct ot_fitness *out, struct ot_span parameters,
                     struct ot_span bits)
{
    struct ot_span oid, explicit_form;

    if (ot_der_only(parameters, OT_DER_SEQUENCE, &explicit_form) &&
        ot_der_is_whole(parameters) && bits.len > 1) {
        ot_fitness_withhold(
            out, OT_PLACES_JAVA | OT_RECORD_WITHHELD_OPENSSL,
            "its key spells its curve out instead of naming it: " JAVA_ALONE
            ", and OpenSSL believes nothing that it has signed");
        return;
    }
    if (!ot_der_only(parameters, OT_DER_OID, &oid) || !ot_der_is_short_oid(oid) ||
        bits.len < 2) {
        ot_fitness_withhold(out, OT_PLACES_ALL, BAD_KEY, "well-formed EC");
        return;
    }
    check_point(out, parameters, bits);
    if (!is_curve_of_java(oid))
        ot_fitness_withhold(out, OT_PLACES_JAVA,
                            "its key is on a curve that Java does not know: " JAVA_ALONE);
    if (bits.data[0] != 0x04)
        ot_fitness_withhold(
            out, OT_PLACES_JAVA,
            "its key is a point in a form that Java does not read: " JAVA_ALONE);
}

/* RFC 8410: keys without parameters, of one length each. */
static bool check_edwards(struct ot_fitness *out, struct ot_span oid,
                          struct ot_span parameters, struct ot_span bits)
{
    static const struct {
        const char *oid;
        size_t len;
    } kinds[] = {
        {"\x2b\x65\x6e", 32}, /* X25519 */
        {"\x2b\x65\x6f", 56}, /* X448 */
        {"\x2b\x65\x70", 32}, /* Ed25519 */
        {"\x2b\x65\x71", 57}, /* Ed448 */
    };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (!is_oid(oid, kinds[i].oid, 3))
            continue;
        if (bits.len != kinds[i].len || parameters.len != 0)
            ot_fitness_withhold(out, OT_PLACES_ALL, BAD_KEY, "Edwards or Montgomery");
        return true;
    }
    return false;
}

/* DSA and Diffie-Hellman: numbers, and parameters that are numbers, too. */
static void check_numbers(struct ot_fitness *out, struct ot_span parameters,
                          struct ot_span bits, const char *kind)
{
    struct ot_span numbers, number;
    size_t count = 0;

    if (ot_der_only(parameters, OT_DER_SEQUENCE, &numbers))
        while (ot_der_take_positive(&numbers, &number))
            count++;
    if (count < 2 || numbers.len != 0 || !ot_der_take_positive(&bits, &number) ||
        bits.len != 0)
        ot_fitness_withhold(out, OT_PLACES_ALL, BAD_KEY, kind);
}

/* HashAlgorithm: one that Java and OpenSSL both have. */
static bool is_known_hash(struct ot_span algorithm)
{
    static const uint8_t sha2[] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02};
    struct ot_span oid, null;

    if (!ot_der_take(&algorithm, OT_DER_OID, &oid) ||
        (algorithm.len > 0 &&
         (!ot_der_only(algorithm, OT_DER_NULL, &null) || null.len != 0)))
        return false;
    return is_oid(oid, "\x2b\x0e\x03\x02\x1a", 5) ||
           (oid.len == sizeof(sha2) + 1 && memcmp(oid.data, sha2, sizeof(sha2)) == 0 &&
            oid.data[sizeof(sha2)] >= 1 && oid.data[sizeof(sha2)] <= 6);
}

static bool take_pss_count(struct ot_span *in, unsigned tag)
{
    struct ot_span wrapped, count;

    return !ot_der_is_next(*in, tag) ||
           (ot_der_take(in, tag, &wrapped) &&
            ot_der_only(wrapped, OT_DER_INTEGER, &count) && ot_der_is_count(count));
}

/* Whether the parameters of RSASSA-PSS (RFC 4055 §3.1) are ones that readers know; absent
 * is none. */
static bool is_known_pss(struct ot_span parameters)
{
    struct ot_span content, wrapped, hash, mask;

    if (parameters.len == 0)
        return true;
    if (!ot_der_only(parameters, OT_DER_SEQUENCE, &content))
        return false;
    if (ot_der_is_next(content, OT_DER_CONSTRUCTED(0u)) &&
        (!ot_der_take(&content, OT_DER_CONSTRUCTED(0u), &wrapped) ||
         !ot_der_only(wrapped, OT_DER_SEQUENCE, &hash) || !is_known_hash(hash)))
        return false;
    if (ot_der_is_next(content, OT_DER_CONSTRUCTED(1u)) &&
        (!ot_der_take(&content, OT_DER_CONSTRUCTED(1u), &wrapped) ||
         !ot_der_only(wrapped, OT_DER_SEQUENCE, &mask) ||
         !ot_der_take(&mask, OT_DER_OID, &wrapped) ||
         !is_oid(wrapped, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08", 9) ||
         !ot_der_only(mask, OT_DER_SEQUENCE, &hash) || !is_known_hash(hash)))
        return false;
    return take_pss_count(&content, OT_DER_CONSTRUCTED(2u)) &&
           take_pss_count(&content, OT_DER_CONSTRUCTED(3u)) && content.len == 0;
}

void ot_fitness_check_key(struct ot_fitness *out, struct ot_span content)
{
    struct ot_span algorithm, oid, bits;

    if (!ot_der_take(&content, OT_DER_SEQUENCE, &algorithm) ||
        !ot_der_take(&algorithm, OT_DER_OID, &oid) || !ot_der_is_short_oid(oid) ||
        (algorithm.len > 0 && !ot_der_is_whole(algorithm)) ||
        !ot_der_only(content, OT_DER_BITS, &bits) || bits.len == 0 || bits.data[0] != 0) {
        ot_fitness_withhold(out, OT_PLACES_ALL, BAD_KEY, "well-formed");
        return;
    }
    bits = ot_span_of(bits.data + 1, bits.len - 1);
    if (is_oid(oid, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", 9)) {
        check_rsa(out, algorithm, bits);
    } else if (is_oid(oid, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a", 9)) {
        check_rsa(out, ot_span_of("", 0), bits);
        if (!is_known_pss(algorithm))
            ot_fitness_withhold(out, OT_PLACES_ALL, BAD_KEY, "RSASSA-PSS");
    } else if (is_oid(oid, "\x2a\x86\x48\xce\x3d\x02\x01", 7)) {
        check_ec(out, algorithm, bits);
    } else if (is_oid(oid, "\x2a\x86\x48\xce\x38\x04\x01", 7)) {
        check_numbers(out, algorithm, bits, "DSA");
    } else if (is_oid(oid, "\x2a\x86\x48\x86\xf7\x0d\x01\x03\x01", 9)) {
        check_numbers(out, algorithm, bits, "Diffie-Hellman");
    } else {
        (void)check_edwards(out, oid, algorithm, bits);
    }
}

void ot_fitness_check_algorithm(struct ot_fitness *out, struct ot_span content)
{
    struct ot_span oid;

    if (!ot_der_take(&content, OT_DER_OID, &oid) || !ot_der_is_short_oid(oid) ||
        (content.len > 0 && !ot_der_is_whole(content)) ||
        (is_oid(oid, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a", 9) &&
         !is_known_pss(content)))
        ot_fitness_withhold(out, OT_PLACES_SHARED,
                            "its signature algorithm is malformed: " JAVA_ALONE);
}
