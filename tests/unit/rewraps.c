#include "rewraps.h"

#include <stdio.h>
#include <stdlib.h>

#include "cert/rewrap.h"
#include "certs.h"
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
