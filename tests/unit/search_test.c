#include "snapshot/search.h"

#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "certs.h"
#include "snapshots.h"
#include "unit.h"

#define NOW 1750000000 /* 2025-06-15 */

static struct snapshot_builder builder;
static struct ot_snapshot *snapshot;

static void add(const char *cn, long serial, const char *from, const char *to,
                const char *name, unsigned flags)
{
    X509 *x509 = certs_new(cn, serial);
    uint8_t *der;
    size_t len;

    certs_set_validity(x509, from, to);
    der = certs_finish(x509, &len);
    snapshot_builder_add(&builder, der, len, name, flags);
    free(der);
}

/* cert_0 … cert_6; the snapshot that every test here searches. */
static void set_up(void)
{
    const char *path = unit_path("search");

    add("Root A", 1, "20200101000000Z", "20300101000000Z", "alpha", OT_RECORD_ACTIVE);
    add("Root A", 2, "20240101000000Z", "20250101000000Z", "expired", OT_RECORD_ACTIVE);
    add("root  a", 3, "20230101000000Z", "20330101000000Z", "alpha", OT_RECORD_ACTIVE);
    add("Root B", -5, "20200101000000Z", "20300101000000Z", NULL, 0);
    add("Root C", 0, "20200101000000Z", "20300101000000Z", "cert_0", OT_RECORD_ACTIVE);
    add("Root A", 4, "20260101000000Z", "20360101000000Z", "future", OT_RECORD_ACTIVE);
    snapshot_builder_add_quarantined(&builder, "two certificates");
    snapshot_builder_write(&builder, path, NOW);
    if (ot_snapshot_open(&snapshot, path, NULL, NULL) != OT_OK)
        abort();
}

/* The ids that a query finds, in order, as "0 2 5". */
static const char *found(const struct ot_query *query)
{
    static char ids[256];
    struct ot_search search;
    struct ot_record record;
    char *at = ids;

    if (snapshot == NULL)
        set_up();
    ids[0] = '\0';
    if (ot_search_init(&search, snapshot, query, NOW, NULL) != OT_OK)
        return "error";
    while (ot_search_next(&search, &record, NULL, NULL) == OT_OK)
        at += sprintf(at, "%s%.*s", at == ids ? "" : " ",
                      (int)record.field[OT_FIELD_ID].len - 5,
                      (const char *)record.field[OT_FIELD_ID].data + 5);
    ot_search_clear(&search);
    return ids;
}

static struct ot_query base(enum ot_state_filter state)
{
    return (struct ot_query){.state = state, .digest = OT_DIGEST_COUNT};
}

static struct ot_span cn_name(const char *cn, int type, unsigned char **der)
{
    X509_NAME *name = X509_NAME_new();
    int len;

    X509_NAME_add_entry_by_NID(name, NID_commonName, type, (const unsigned char *)cn, -1,
                               -1, 0);
    *der = NULL;
    len = i2d_X509_NAME(name, der);
    X509_NAME_free(name);
    return ot_span_of(*der, (size_t)len);
}

static void all_of_a_state_valid_ones_first_and_newest_first(void)
{
    struct ot_query query = base(OT_STATE_ACTIVE);

    CU_ASSERT_STRING_EQUAL(found(&query), "2 0 4 5 1");
    query.state = OT_STATE_INACTIVE;
    CU_ASSERT_STRING_EQUAL(found(&query), "3");
    query.state = OT_STATE_ALL;
    CU_ASSERT_STRING_EQUAL(found(&query), "2 0 3 4 5 1");
}

static void fault_19_a_subject_is_matched_as_openssl_does_and_found_whole(void)
{
    struct ot_query query = base(OT_STATE_ACTIVE);
    unsigned char *der;

    query.subject = cn_name(" ROOT A ", V_ASN1_PRINTABLESTRING, &der);
    CU_ASSERT_STRING_EQUAL(found(&query), "2 0 5 1");
    OPENSSL_free(der);
    query.subject = cn_name("Root", V_ASN1_UTF8STRING, &der);
    CU_ASSERT_STRING_EQUAL(found(&query), "");
    OPENSSL_free(der);
    query.subject = ot_span_str("not a name");
    CU_ASSERT_STRING_EQUAL(found(&query), "error");
}

static void fault_17_issuer_and_serial_are_matched_by_magnitude(void)
{
    struct ot_query query = base(OT_STATE_ALL);
    unsigned char *der;

    query.issuer = cn_name("ROOT a", V_ASN1_UTF8STRING, &der);
    query.serial = ot_span_of("\x00\x02", 2);
    CU_ASSERT_STRING_EQUAL(found(&query), "1");
    query.serial = ot_span_of("\x07", 1);
    CU_ASSERT_STRING_EQUAL(found(&query), "");
    OPENSSL_free(der);
    query.issuer = cn_name("Root B", V_ASN1_UTF8STRING, &der);
    query.serial = ot_span_of("\x05", 1);
    CU_ASSERT_STRING_EQUAL(found(&query), "3");
    query.serial = ot_span_of("\xfb", 1);
    CU_ASSERT_STRING_EQUAL(found(&query), "");
    OPENSSL_free(der);
    query.issuer = cn_name("Root C", V_ASN1_UTF8STRING, &der);
    query.serial = ot_span_of("", 0);
    CU_ASSERT_STRING_EQUAL(found(&query), "4");
    query.serial = ot_span_of("\x00", 1);
    CU_ASSERT_STRING_EQUAL(found(&query), "4");
    OPENSSL_free(der);
}

static void every_kept_digest_finds_its_certificate(void)
{
    struct ot_query query = base(OT_STATE_ALL);
    int digest;

    found(&query);
    for (digest = 0; digest < OT_DIGEST_COUNT; digest++) {
        query.fingerprint = ot_record_digest(&builder.records[3], (enum ot_digest)digest);
        query.digest = (enum ot_digest)digest;
        CU_ASSERT_STRING_EQUAL(found(&query), "3");
        query.digest = OT_DIGEST_COUNT;
        CU_ASSERT_STRING_EQUAL(found(&query), "3");
    }
    query.digest = OT_DIGEST_SHA1;
    CU_ASSERT_STRING_EQUAL(found(&query), "");
}

static void an_alias_is_a_name_a_label_or_an_id(void)
{
    struct ot_query query = base(OT_STATE_ALL);

    query.alias = ot_span_str("alpha");
    CU_ASSERT_STRING_EQUAL(found(&query), "2 0");
    query.alias = ot_span_str("alpha (2)");
    CU_ASSERT_STRING_EQUAL(found(&query), "2");
    query.alias = ot_span_str("cert_0"); /* one's id and another's name */
    CU_ASSERT_STRING_EQUAL(found(&query), "0 4");
    query.alias = ot_span_str("Root B"); /* without a name: the common name */
    CU_ASSERT_STRING_EQUAL(found(&query), "3");
    query.alias = ot_span_str("cert_6"); /* quarantined */
    CU_ASSERT_STRING_EQUAL(found(&query), "");
}

static void criteria_must_all_hold(void)
{
    struct ot_query query = base(OT_STATE_ACTIVE);
    unsigned char *der;

    query.name = ot_span_str("alpha");
    CU_ASSERT_STRING_EQUAL(found(&query), "2 0");
    query.id = ot_span_str("cert_0");
    CU_ASSERT_STRING_EQUAL(found(&query), "0");
    query.subject = cn_name("Root B", V_ASN1_UTF8STRING, &der);
    CU_ASSERT_STRING_EQUAL(found(&query), "");
    OPENSSL_free(der);
    query = base(OT_STATE_ACTIVE);
    query.id = ot_span_str("cert_3");
    CU_ASSERT_STRING_EQUAL(found(&query), "");
    query.state = OT_STATE_ALL;
    CU_ASSERT_STRING_EQUAL(found(&query), "3");
}

static void tear_down(void)
{
    ot_snapshot_unref(snapshot);
    snapshot_builder_clear(&builder);
    snapshot = NULL;
}

static const struct unit_case cases[] = {
    {"all_of_a_state_valid_ones_first_and_newest_first",
     all_of_a_state_valid_ones_first_and_newest_first},
    {"fault_19_a_subject_is_matched_as_openssl_does_and_found_whole",
     fault_19_a_subject_is_matched_as_openssl_does_and_found_whole},
    {"fault_17_issuer_and_serial_are_matched_by_magnitude",
     fault_17_issuer_and_serial_are_matched_by_magnitude},
    {"every_kept_digest_finds_its_certificate", every_kept_digest_finds_its_certificate},
    {"an_alias_is_a_name_a_label_or_an_id", an_alias_is_a_name_a_label_or_an_id},
    {"criteria_must_all_hold", criteria_must_all_hold},
    {NULL, NULL}};

int main(int argc, char **argv)
{
    int status = unit_main("search", cases, argc, argv);

    tear_down();
    return status;
}
