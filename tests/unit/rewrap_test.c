#include "cert/rewrap.h"

#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cert/cert.h"
#include "certs.h"
#include "rewraps.h"
#include "snapshot/record.h"
#include "unit.h"

static void the_key_and_its_names_stay(void)
{
    struct ot_span before = rewraps_finish(rewraps_authority("")),
                   after = rewraps_make(before, "good.example", 0),
                   again = rewraps_make(before, " GOOD.example ", 0),
                   other = rewraps_make(before, "bad.example", 0);
    struct ot_record a = {0}, b = {0}, c = {0};
    struct ot_cert *old = NULL, *new = NULL, *third = NULL;

    CU_ASSERT(ot_span_equal(after, again));
    CU_ASSERT_EQUAL_FATAL(ot_cert_parse(&old, before.data, before.len, NULL), OT_OK);
    CU_ASSERT_EQUAL_FATAL(ot_cert_parse(&new, after.data, after.len, NULL), OT_OK);
    CU_ASSERT_EQUAL_FATAL(ot_cert_parse(&third, other.data, other.len, NULL), OT_OK);
    ot_cert_fill(old, &a);
    ot_cert_fill(new, &b);
    ot_cert_fill(third, &c);
    CU_ASSERT(ot_span_equal(a.field[OT_FIELD_SUBJECT], b.field[OT_FIELD_SUBJECT]));
    CU_ASSERT(ot_span_equal(a.field[OT_FIELD_ISSUER], b.field[OT_FIELD_ISSUER]));
    CU_ASSERT(ot_span_equal(a.field[OT_FIELD_SPKI], b.field[OT_FIELD_SPKI]));
    CU_ASSERT(ot_span_equal(a.field[OT_FIELD_KEY_ID], b.field[OT_FIELD_KEY_ID]));
    CU_ASSERT_EQUAL(a.flags, b.flags); /* nobody would stumble over it */
    CU_ASSERT_EQUAL(a.expires_at, b.expires_at);
    /* As long as it may be, positive, and another for other limits. */
    CU_ASSERT_EQUAL(b.field[OT_FIELD_SERIAL_MAGNITUDE].len, 20);
    CU_ASSERT_EQUAL(b.field[OT_FIELD_SERIAL].len, 22);
    CU_ASSERT_FALSE(ot_span_equal(b.field[OT_FIELD_SERIAL], c.field[OT_FIELD_SERIAL]));
    ot_cert_free(old);
    ot_cert_free(new);
    ot_cert_free(third);
    rewraps_drop(before);
    rewraps_drop(after);
    rewraps_drop(again);
    rewraps_drop(other);
}

static void a_life_is_shortened_and_never_lengthened(void)
{
    X509 *x509 = certs_new("short", 5);
    struct ot_span before, after;
    struct ot_record record = {0};
    struct ot_cert *cert = NULL;

    certs_set_validity(x509, "20260101000000Z", "20300101000000Z");
    before = rewraps_finish(x509);
    after = rewraps_make(before, NULL, 1830297599); /* 2027-12-31 23:59:59 */
    CU_ASSERT_EQUAL_FATAL(ot_cert_parse(&cert, after.data, after.len, NULL), OT_OK);
    ot_cert_fill(cert, &record);
    CU_ASSERT_EQUAL(record.expires_at, 1830297599);
    ot_cert_free(cert);
    rewraps_drop(after);
    after = rewraps_make(before, NULL, 4102444799); /* 2099 */
    CU_ASSERT_EQUAL_FATAL(ot_cert_parse(&cert, after.data, after.len, NULL), OT_OK);
    ot_cert_fill(cert, &record);
    CU_ASSERT_EQUAL(record.expires_at, 1893456000);
    ot_cert_free(cert);
    rewraps_drop(after);
    rewraps_drop(before);
}

/* What it has signed names it by that number, too, and OpenSSL would not find it. */
static void one_that_names_itself_by_its_number_keeps_it(void)
{
    X509 *x509 = certs_new("numbered", 4711);
    AUTHORITY_KEYID *authority = AUTHORITY_KEYID_new();
    struct ot_span before, after;
    X509 *made;

    authority->serial = ASN1_INTEGER_dup(X509_get0_serialNumber(x509));
    authority->issuer = GENERAL_NAMES_new();
    GENERAL_NAME *name = GENERAL_NAME_new();
    GENERAL_NAME_set0_value(name, GEN_DIRNAME,
                            X509_NAME_dup(X509_get_subject_name(x509)));
    sk_GENERAL_NAME_push(authority->issuer, name);
    CU_ASSERT_EQUAL(
        X509_add1_ext_i2d(x509, NID_authority_key_identifier, authority, 0, 0), 1);
    AUTHORITY_KEYID_free(authority);
    before = rewraps_finish(x509);
    after = rewraps_make(before, "good.example", 0);
    made = rewraps_read(after);
    CU_ASSERT_EQUAL(ASN1_INTEGER_get(X509_get0_serialNumber(made)), 4711);
    X509_free(made);
    rewraps_drop(before);
    rewraps_drop(after);
}

/* Of version 1, extensions do not count: this one is signed by itself, and says otherwise
 * once it is of version 3. */
static void an_odd_one_is_read_again(void)
{
    X509 *x509 = certs_new("odd", 6);
    struct ot_span before, after;

    certs_add_ext(x509, NID_authority_key_identifier, "DER:3006800401020304");
    CU_ASSERT_EQUAL(X509_set_version(x509, X509_VERSION_1), 1);
    before = rewraps_finish(x509);
    after = rewraps_make(before, "good.example", 1830297599);
    rewraps_drop(before);
    rewraps_drop(after);
}

/* Other kinds of names are none of ours. */
static void other_constraints_of_its_own_stay(void)
{
    struct ot_span before = rewraps_finish(rewraps_authority(
                       "permitted;URI:.b.a,excluded;RID:1.2.3,permitted;DNS:a")),
                   after = rewraps_make(before, "b.a", 0);
    X509 *made = rewraps_read(after);
    NAME_CONSTRAINTS *own = X509_get_ext_d2i(made, NID_name_constraints, NULL, NULL);
    bool has_uri = false, has_rid = false;

    CU_ASSERT_PTR_NOT_NULL_FATAL(own);
    for (int i = 0; i < sk_GENERAL_SUBTREE_num(own->permittedSubtrees); i++)
        has_uri |=
            sk_GENERAL_SUBTREE_value(own->permittedSubtrees, i)->base->type == GEN_URI;
    for (int i = 0; i < sk_GENERAL_SUBTREE_num(own->excludedSubtrees); i++)
        has_rid |=
            sk_GENERAL_SUBTREE_value(own->excludedSubtrees, i)->base->type == GEN_RID;
    CU_ASSERT(has_uri && has_rid);
    NAME_CONSTRAINTS_free(own);
    X509_free(made);
    rewraps_drop(before);
    rewraps_drop(after);
}

static void refuses(const char *own, const char *why)
{
    struct ot_limits limits = {.not_after = 0};
    struct ot_span before = rewraps_finish(rewraps_authority(own));
    struct ot_error err = OT_ERROR_INIT;
    uint8_t *out = NULL;
    size_t len;

    CU_ASSERT_EQUAL_FATAL(ot_name_limits_parse(&limits.names, "a", NULL), OT_OK);
    CU_ASSERT_EQUAL(ot_rewrap(&out, &len, before, &limits, &err), OT_E_PROTOCOL);
    CU_ASSERT_PTR_NULL(out);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, why));
    ot_limits_clear(&limits);
    rewraps_drop(before);
}

static void what_cannot_be_met_is_refused_with_the_reason(void)
{
    refuses("permitted;IP:10.0.0.0/255.0.255.0", "'IP:10.0.0.0/255.0.255.0' does not");
    refuses("permitted;IP:fd00::/ff00::ff",
            "'IP:fd00::/ff00::ff' does not mean the same");
    refuses("permitted;email:u@", "'email:u@' does not mean the same");
    refuses("excluded;DNS:*.a", "'DNS:*.a' does not mean the same");
    refuses("permitted;DNS:a..b", "'DNS:a..b' does not mean the same");
}

/* Each of many limits meets each of many of its own. */
static void more_than_anybody_reads_is_refused(void)
{
    enum { LEVELS = 40, COUNT = 250 };
    static char own[COUNT * 128], names[LEVELS * 2 * 96];
    char host[2 * LEVELS + 1] = "a";
    struct ot_limits limits = {0};
    struct ot_error err = OT_ERROR_INIT;
    struct ot_span before;
    size_t len = 0, out_len;
    uint8_t *out = NULL;

    for (int i = 0; i < LEVELS; i++) {
        len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s,*.%s",
                                i > 0 ? "," : "", host, host);
        if (i + 1 < LEVELS)
            strcat(host, ".a");
    }
    len = 0;
    for (int i = 0; i < COUNT; i++)
        len += (size_t)snprintf(own + len, sizeof(own) - len, "%spermitted;DNS:n%d.%s",
                                i > 0 ? "," : "", i, host);
    before = rewraps_finish(rewraps_authority(own));
    CU_ASSERT_EQUAL_FATAL(ot_name_limits_parse(&limits.names, names, NULL), OT_OK);
    CU_ASSERT_EQUAL(ot_rewrap(&out, &out_len, before, &limits, &err), OT_E_PROTOCOL);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "more than 8192 subtrees"));
    ot_limits_clear(&limits);
    rewraps_drop(before);
}

int main(int argc, char **argv)
{
    static const struct unit_case cases[] = {
        {"the_key_and_its_names_stay", the_key_and_its_names_stay},
        {"a_life_is_shortened_and_never_lengthened",
         a_life_is_shortened_and_never_lengthened},
        {"one_that_names_itself_by_its_number_keeps_it",
         one_that_names_itself_by_its_number_keeps_it},
        {"an_odd_one_is_read_again", an_odd_one_is_read_again},
        {"other_constraints_of_its_own_stay", other_constraints_of_its_own_stay},
        {"what_cannot_be_met_is_refused_with_the_reason",
         what_cannot_be_met_is_refused_with_the_reason},
        {"more_than_anybody_reads_is_refused", more_than_anybody_reads_is_refused},
        {NULL, NULL},
    };

    return unit_main("rewrap", cases, argc, argv);
}
