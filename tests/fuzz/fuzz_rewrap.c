/* Limits and a certificate, both of any bytes: what is re-wrapped is a certificate that
 * can be read, of the same subject and key, and permits nothing of a kind that the limits
 * do not name; with the same limits put on it once more, it permits no more. */
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cert/cert.h"
#include "cert/limited.h"
#include "cert/rewrap.h"
#include "snapshot/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

static bool has_type(const STACK_OF(GENERAL_SUBTREE) * list, int type)
{
    for (int i = 0; i < sk_GENERAL_SUBTREE_num(list); i++)
        if (sk_GENERAL_SUBTREE_value(list, i)->base->type == type)
            return true;
    return false;
}

static bool names_kind(const struct ot_name_limits *names, enum ot_name_kind kind)
{
    for (size_t i = 0; i < names->count; i++)
        if (names->items[i].kind == kind)
            return true;
    return false;
}

static void check_constraints(struct ot_span der, const struct ot_limits *limits)
{
    const uint8_t *p = der.data;
    X509 *x509 = d2i_X509(NULL, &p, (long)der.len);
    int critical = 0;
    NAME_CONSTRAINTS *made;

    must(x509 != NULL);
    made = X509_get_ext_d2i(x509, NID_name_constraints, &critical, NULL);
    must(made != NULL && critical == 1);
    must(names_kind(&limits->names, OT_NAME_DNS) ||
         !has_type(made->permittedSubtrees, GEN_DNS));
    must(names_kind(&limits->names, OT_NAME_ADDRESS) ||
         !has_type(made->permittedSubtrees, GEN_IPADD));
    must(has_type(made->permittedSubtrees, GEN_DNS) ||
         has_type(made->excludedSubtrees, GEN_DNS));
    must(has_type(made->permittedSubtrees, GEN_IPADD) ||
         has_type(made->excludedSubtrees, GEN_IPADD));
    must(has_type(made->permittedSubtrees, GEN_EMAIL));
    NAME_CONSTRAINTS_free(made);
    X509_free(x509);
}

/* What is not read again of a re-wrapped one is what reading it would have found. */
static void check_facts(const struct ot_record *limited)
{
    struct ot_span der = limited->field[OT_FIELD_DER];
    struct ot_record read = {0};
    struct ot_cert *cert = NULL;

    if (ot_cert_parse(&cert, der.data, der.len, NULL) == OT_E_NOMEM)
        return;
    must(cert != NULL);
    ot_cert_fill(cert, &read);
    for (int i = 0; i < OT_FIELD_COUNT; i++)
        must(i == OT_FIELD_ORIGINAL || i == OT_FIELD_ORIGINAL_DIGESTS ||
             i == OT_FIELD_WITHHELD || i == OT_FIELD_DIGESTS ||
             ot_span_equal(limited->field[i], read.field[i]));
    must(ot_span_equal(ot_record_digest(limited, OT_DIGEST_SHA2_256),
                       ot_record_digest(&read, OT_DIGEST_SHA2_256)));
    must((read.flags & ~limited->flags) == 0);
    must((limited->flags & ~read.flags &
          ~(uint32_t)(OT_RECORD_WITHHELD | OT_RECORD_NAMES_LIMITED)) == 0);
    must(limited->valid_at == read.valid_at && limited->expires_at == read.expires_at);
    ot_cert_free(cert);
}

static void check_limited(const struct ot_cert *cert, const struct ot_limits *limits)
{
    struct ot_record plain = {0}, record = {0};
    struct ot_limited *limited = NULL;

    ot_cert_fill(cert, &plain);
    if (ot_limited_new(&limited, cert, limits, NULL) != OT_OK)
        return; /* no memory */
    ot_limited_fill(limited, &record);
    if (record.field[OT_FIELD_ORIGINAL].data == NULL) {
        must((record.flags & OT_RECORD_WITHHELD) == OT_RECORD_WITHHELD);
        must(record.field[OT_FIELD_WITHHELD].len > 0);
    } else {
        must(ot_span_equal(record.field[OT_FIELD_ORIGINAL], plain.field[OT_FIELD_DER]));
        must(
            ot_span_equal(record.field[OT_FIELD_SUBJECT], plain.field[OT_FIELD_SUBJECT]));
        must(ot_span_equal(record.field[OT_FIELD_SPKI], plain.field[OT_FIELD_SPKI]));
        must(ot_span_equal(record.field[OT_FIELD_KEY_ID], plain.field[OT_FIELD_KEY_ID]));
        must((record.flags & OT_RECORD_CA) != 0);
        must(record.expires_at <= plain.expires_at);
        must((plain.flags & OT_RECORD_WITHHELD & ~record.flags) == 0);
        check_facts(&record);
        if (limits->names.count > 0)
            check_constraints(record.field[OT_FIELD_DER], limits);
    }
    ot_limited_free(limited);
}

/* A line of names, two bytes of a day, and DER. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ot_limits limits = {0};
    struct ot_cert *cert = NULL;
    const uint8_t *end = memchr(data, '\n', size);
    char *names;

    if (end == NULL || size - (size_t)(end - data) < 3)
        return 0;
    names = strndup((const char *)data, (size_t)(end - data));
    must(names != NULL);
    limits.not_after = (end[1] | end[2] << 8) * INT64_C(86400);
    if (names[0] == '\0' || ot_name_limits_parse(&limits.names, names, NULL) == OT_OK) {
        if (limits.names.count > 0) {
            struct ot_name_limits second;

            must(ot_name_limits_parse(&second, limits.names.text, NULL) == OT_OK);
            must(strcmp(second.text, limits.names.text) == 0);
            ot_name_limits_clear(&second);
        }
        if ((limits.names.count > 0 || limits.not_after > 0) &&
            ot_cert_parse(&cert, end + 3, size - (size_t)(end + 3 - data), NULL) == OT_OK)
            check_limited(cert, &limits);
    }
    ot_cert_free(cert);
    ot_limits_clear(&limits);
    free(names);
    return 0;
}
