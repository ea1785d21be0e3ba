#include "cert/label.h"

#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "base/span.h"
#include "certs.h"
#include "snapshot/record.h"
#include "unit.h"

static struct ot_record named(const char *id, const char *name, int64_t created_at)
{
    struct ot_record record = {.flags = OT_RECORD_QUARANTINED, .created_at = created_at};

    record.field[OT_FIELD_ID] = ot_span_str(id);
    record.field[OT_FIELD_NAME] = ot_span_str(name);
    return record;
}

static void check(const struct ot_record *records, size_t count,
                  const char *const *expected)
{
    char *labels[8];
    size_t i;

    CU_ASSERT_EQUAL_FATAL(ot_label_make(labels, records, count, NULL), OT_OK);
    for (i = 0; i < count; i++) {
        CU_ASSERT_STRING_EQUAL(labels[i], expected[i]);
        free(labels[i]);
    }
}

static void later_ones_of_a_name_are_numbered(void)
{
    const struct ot_record records[] = {
        named("cert_c", "Root", 30), named("cert_a", "Root", 10),
        named("cert_b", "Root", 20), named("cert_d", "Other", 5)};
    const char *const expected[] = {"Root (3)", "Root", "Root (2)", "Other"};

    check(records, 4, expected);
}

static void a_number_that_is_somebodys_name_is_passed_over(void)
{
    const struct ot_record records[] = {named("a", "Root", 1), named("b", "Root", 2),
                                        named("c", "Root (2)", 3),
                                        named("d", "Root (2)", 4), named("e", "Root", 5)};
    const char *const expected[] = {"Root", "Root (3)", "Root (2)", "Root (2) (2)",
                                    "Root (4)"};

    check(records, 5, expected);
}

static void without_a_name_the_common_name_and_then_the_id_serve(void)
{
    struct ot_record records[3] = {named("cert_1", NULL, 1), named("cert_2", NULL, 2),
                                   named("cert_3", "", 3)};
    static const unsigned char latin1[] = {'L', 0xe4, 'b', ' ',  'R',
                                           'o', 'o',  't', '\n', 0};
    const char *const expected[] = {"Läb Root\\x0a\\x00", "cert_2", "cert_3"};
    X509_NAME *name = X509_NAME_new();
    unsigned char *der = NULL;
    int len;

    /* The last one counts, whatever its type and its bytes. */
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)"first",
                               -1, -1, 0);
    X509_NAME_add_entry_by_txt(name, "CN", V_ASN1_T61STRING, latin1, sizeof(latin1), -1,
                               0);
    len = i2d_X509_NAME(name, &der);
    records[0].flags = 0;
    records[0].field[OT_FIELD_SUBJECT] = ot_span_of(der, (size_t)len);
    check(records, 3, expected);
    OPENSSL_free(der);
    X509_NAME_free(name);
}

static void fault_30_a_label_has_no_controls(void)
{
    const struct ot_record records[] = {named("a", "evil\x1b[2J\xe2\x80\xaetoor", 1)};
    const char *const expected[] = {"evil\\x1b[2J\\u{202E}toor"};

    check(records, 1, expected);
}

static void nothing_gives_nothing(void)
{
    CU_ASSERT_EQUAL(ot_label_make(NULL, NULL, 0, NULL), OT_OK);
}

static const struct unit_case cases[] = {
    {"later_ones_of_a_name_are_numbered", later_ones_of_a_name_are_numbered},
    {"a_number_that_is_somebodys_name_is_passed_over",
     a_number_that_is_somebodys_name_is_passed_over},
    {"without_a_name_the_common_name_and_then_the_id_serve",
     without_a_name_the_common_name_and_then_the_id_serve},
    {"fault_30_a_label_has_no_controls", fault_30_a_label_has_no_controls},
    {"nothing_gives_nothing", nothing_gives_nothing},
    {NULL, NULL}};

int main(int argc, char **argv)
{
    return unit_main("label", cases, argc, argv);
}
