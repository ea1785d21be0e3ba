#include "rewraps.h"

#include <stdio.h>
#include <stdlib.h>

#include "cert/cert.h"
#include "cert/rewrap.h"
#include "certs.h"
#include "snapshot/record.h"
#include "unit.h"

X509 *rewraps_authority(const char *own)
{
    X509 *x509 = certs_new("root", 77);
    char value[32768];

    snprintf(value, sizeof(value), "critical,%s", own);
    if (own[0] != '\0')
        certs_add_ext(x509, NID_name_constraints, value);
    return x509;
}

X509 *rewraps_read(struct ot_span der)
{
    const uint8_t *p = der.data;
    X509 *x509 = d2i_X509(NULL, &p, (long)der.len);

    CU_ASSERT_PTR_NOT_NULL_FATAL(x509);
    return x509;
}

/* All but the two longest, which the original alone has. */
static void check_digests(const struct ot_record *a, const struct ot_record *b)
{
    static const enum ot_digest kept[] = {OT_DIGEST_SHA1, OT_DIGEST_SHA2_256,
                                          OT_DIGEST_MD5};

    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        CU_ASSERT(
            ot_span_equal(ot_record_digest(a, kept[i]), ot_record_digest(b, kept[i])));
}

/* What is not read again of a re-wrapped one is what reading it would have found. */
static void check_facts(struct ot_span before, struct ot_span after)
{
    struct ot_cert *original = NULL, *derived = NULL, *read = NULL;
    struct ot_record a = {0}, b = {0};

    CU_ASSERT_EQUAL_FATAL(ot_cert_parse(&original, before.data, before.len, NULL), OT_OK);
    CU_ASSERT_EQUAL_FATAL(ot_cert_of_rewrapped(&derived, original, after, NULL), OT_OK);
    CU_ASSERT_EQUAL_FATAL(ot_cert_parse(&read, after.data, after.len, NULL), OT_OK);
    ot_cert_fill(derived, &a);
    ot_cert_fill(read, &b);
    for (int i = 0; i < OT_FIELD_COUNT; i++)
        if (i != OT_FIELD_DIGESTS)
            CU_ASSERT(ot_span_equal(a.field[i], b.field[i]));
    check_digests(&a, &b);
    CU_ASSERT_EQUAL(a.flags, b.flags);
    CU_ASSERT_EQUAL(a.valid_at, b.valid_at);
    CU_ASSERT_EQUAL(a.expires_at, b.expires_at);
    ot_cert_free(original);
    ot_cert_free(derived);
    ot_cert_free(read);
}

struct ot_span rewraps_make(struct ot_span der, const char *names, int64_t not_after)
{
    struct ot_limits limits = {.not_after = not_after};
    struct ot_error err = OT_ERROR_INIT;
    uint8_t *out = NULL;
    size_t len = 0;

    if (names != NULL)
        CU_ASSERT_EQUAL_FATAL(ot_name_limits_parse(&limits.names, names, &err), OT_OK);
    if (ot_rewrap(&out, &len, der, &limits, &err) != OT_OK)
        fprintf(stderr, "\n  %s: %s\n", names, err.message);
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    ot_limits_clear(&limits);
    check_facts(der, ot_span_of(out, len));
    return ot_span_of(out, len);
}

struct ot_span rewraps_finish(X509 *x509)
{
    struct ot_span der;

    der.data = certs_finish(x509, &der.len);
    return der;
}

void rewraps_drop(struct ot_span der)
{
    free((void *)(uintptr_t)der.data);
}
