#include "cert/cert.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/span.h"
#include "certs.h"
#include "snapshot/record.h"
#include "unit.h"

static struct ot_cert *parse(const uint8_t *der, size_t len, struct ot_record *record)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_cert *cert = NULL;

    memset(record, 0, sizeof(*record));
    CU_ASSERT_EQUAL(ot_cert_parse(&cert, der, len, &err), OT_OK);
    CU_ASSERT_STRING_EQUAL(err.message, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(cert);
    ot_cert_fill(cert, record);
    return cert;
}

/* Signs, parses and fills; the DER is checked to be what was signed. */
static struct ot_cert *make(X509 *x509, struct ot_record *record)
{
    size_t len;
    uint8_t *der = certs_finish(x509, &len);
    struct ot_cert *cert = parse(der, len, record);

    CU_ASSERT(ot_span_equal(record->field[OT_FIELD_DER], ot_span_of(der, len)));
    free(der);
    return cert;
}

static void refuses(const uint8_t *der, size_t len, const char *why)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_cert *cert = (struct ot_cert *)&err;

    CU_ASSERT_EQUAL(ot_cert_parse(&cert, der, len, &err), OT_E_PROTOCOL);
    CU_ASSERT_PTR_NULL(cert);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, why));
    CU_ASSERT_EQUAL(ERR_peek_error(), 0);
}

static void facts_agree_with_openssl(void)
{
    X509 *x509 = certs_new("facts", 0x1234);
    struct ot_record record;
    struct ot_cert *cert;
    unsigned char *buf = NULL;
    size_t len;
    uint8_t *der;
    const uint8_t *p;
    int n;

    der = certs_finish(x509, &len);
    cert = parse(der, len, &record);
    p = der;
    x509 = d2i_X509(NULL, &p, (long)len);
    n = i2d_X509_NAME(X509_get_subject_name(x509), &buf);
    CU_ASSERT(ot_span_equal(record.field[OT_FIELD_SUBJECT], ot_span_of(buf, (size_t)n)));
    CU_ASSERT(ot_span_equal(record.field[OT_FIELD_ISSUER], ot_span_of(buf, (size_t)n)));
    OPENSSL_free(buf);
    buf = NULL;
    n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &buf);
    CU_ASSERT(ot_span_equal(record.field[OT_FIELD_SPKI], ot_span_of(buf, (size_t)n)));
    OPENSSL_free(buf);
    CU_ASSERT(
        ot_span_equal(record.field[OT_FIELD_SERIAL], ot_span_of("\x02\x02\x12\x34", 4)));
    CU_ASSERT_EQUAL(record.field[OT_FIELD_SPKI_SHA1].len, 20);
    CU_ASSERT(ot_span_equal(record.field[OT_FIELD_KEY_ID], /* "hash" is method 1 */
                            record.field[OT_FIELD_SPKI_SHA1]));
    CU_ASSERT_PTR_NULL(record.field[OT_FIELD_AUTHORITY_KEY_ID].data);
    CU_ASSERT_EQUAL(record.flags, OT_RECORD_CA | OT_RECORD_SELF_SIGNED);
    X509_free(x509);
    ot_cert_free(cert);
    free(der);
}

static void digests_agree_with_openssl(void)
{
    struct ot_record record;
    size_t len, offset = 0;
    uint8_t *der = certs_der("digests", 1, &len);
    struct ot_cert *cert = parse(der, len, &record);

    CU_ASSERT_EQUAL(record.field[OT_FIELD_DIGESTS].len, OT_DIGESTS_LEN);
    for (int i = 0; i < OT_DIGEST_COUNT; i++) {
        const struct ot_digest_info *info = ot_digest_info((enum ot_digest)i);
        unsigned char md[EVP_MAX_MD_SIZE];
        size_t n = 0;

        CU_ASSERT_EQUAL(EVP_Q_digest(NULL, info->name, NULL, der, len, md, &n), 1);
        CU_ASSERT(ot_span_equal(ot_record_digest(&record, (enum ot_digest)i),
                                ot_span_of(md, n)));
        offset += n;
    }
    CU_ASSERT_EQUAL(offset, OT_DIGESTS_LEN);
    ot_cert_free(cert);
    free(der);
}

static void fill_keeps_what_is_not_the_certificates(void)
{
    size_t len;
    uint8_t *der = certs_der("fill", 1, &len);
    struct ot_cert *cert = NULL;
    struct ot_record record = {.flags = OT_RECORD_ACTIVE | OT_RECORD_WARNING,
                               .created_at = 7};

    record.field[OT_FIELD_ID] = ot_span_str("cert_1");
    record.field[OT_FIELD_NAME] = ot_span_str("name");
    CU_ASSERT_EQUAL_FATAL(ot_cert_parse(&cert, der, len, NULL), OT_OK);
    ot_cert_fill(cert, &record);
    CU_ASSERT_EQUAL(record.flags, OT_RECORD_ACTIVE | OT_RECORD_WARNING | OT_RECORD_CA |
                                      OT_RECORD_SELF_SIGNED);
    CU_ASSERT_EQUAL(record.created_at, 7);
    CU_ASSERT_EQUAL(record.field[OT_FIELD_ID].len, 6);
    CU_ASSERT_EQUAL(record.field[OT_FIELD_NAME].len, 4);
    CU_ASSERT_PTR_NULL(record.field[OT_FIELD_LABEL].data);
    CU_ASSERT_PTR_NULL(record.field[OT_FIELD_NOTE].data);
    ot_cert_free(cert);
    ot_cert_free(NULL);
    free(der);
}

static void key_identifiers_come_from_the_extensions(void)
{
    X509 *x509 = certs_new("key ids", 1);
    struct ot_record record;
    struct ot_cert *cert;

    X509_EXTENSION_free(
        X509_delete_ext(x509, X509_get_ext_by_NID(x509, NID_subject_key_identifier, -1)));
    certs_add_ext(x509, NID_subject_key_identifier, "01:02:03");
    certs_add_ext(x509, NID_authority_key_identifier, "keyid:always");
    cert = make(x509, &record);
    CU_ASSERT(ot_span_equal(record.field[OT_FIELD_KEY_ID], ot_span_of("\1\2\3", 3)));
    CU_ASSERT(
        ot_span_equal(record.field[OT_FIELD_AUTHORITY_KEY_ID], ot_span_of("\1\2\3", 3)));
    ot_cert_free(cert);
}

static void validity_reaches_to_the_year_9999(void)
{
    static const struct {
        const char *from, *to;
        int64_t valid_at, expires_at;
    } rows[] = {
        {"19700101000000Z", "20380119031408Z", 0, INT64_C(2147483648)},
        {"500101000000Z", "491231235959Z", -631152000, INT64_C(2524607999)},
        {"20500101000000Z", "99991231235959Z", INT64_C(2524608000),
         INT64_C(253402300799)},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        X509 *x509 = certs_new("validity", 1);
        struct ot_record record;
        struct ot_cert *cert;

        certs_set_validity(x509, rows[i].from, rows[i].to);
        cert = make(x509, &record);
        CU_ASSERT_EQUAL(record.valid_at, rows[i].valid_at);
        CU_ASSERT_EQUAL(record.expires_at, rows[i].expires_at);
        ot_cert_free(cert);
    }
}

/* One more attribute at the end of a copy of a name; X509_NAME_free. */
static X509_NAME *with_attribute(const X509_NAME *name, int nid, int type,
                                 const void *text, int len)
{
    X509_NAME *copy = X509_NAME_dup(name);

    CU_ASSERT_EQUAL_FATAL(X509_NAME_add_entry_by_NID(copy, nid, type, text, len, -1, 0),
                          1);
    return copy;
}

static void fault_16_trailing_bytes_and_damage_are_refused(void)
{
    size_t len;
    uint8_t *der = certs_der("damage", 1, &len);
    uint8_t *more = malloc(len + 1);

    CU_ASSERT_PTR_NOT_NULL_FATAL(more);
    memcpy(more, der, len);
    more[len] = 0;
    refuses(more, len + 1, "follow the certificate");
    refuses(NULL, 0, "not a certificate");
    refuses((const uint8_t *)"\x30\x00", 2, "not a certificate");
    refuses((const uint8_t *)"hello, world", 12, "not a certificate");
    /* What is wrong, and not only that it is inside of something. */
    refuses((const uint8_t *)"\x30\x02\x04\x00", 4, "OpenSSL can read: wrong tag");
    for (size_t n = 0; n < len; n += 7) {
        memcpy(more, der, n); /* behind it lies memory of the right size, unread */
        refuses(more, n, "not a certificate");
    }
    free(more);
    free(der);
}

/* A private key in DER under the label CERTIFICATE is not a certificate either. */
static void fault_16_a_key_in_der_is_refused(void)
{
    unsigned char *der = NULL;
    int len = i2d_PrivateKey(certs_key(), &der);

    CU_ASSERT_FATAL(len > 0);
    refuses(der, (size_t)len, "not a certificate");
    OPENSSL_free(der);
}

static void fault_16_ber_is_refused(void)
{
    size_t len;
    uint8_t *der = certs_der("ber", 1, &len);
    uint8_t *ber = malloc(len + 2);

    CU_ASSERT_PTR_NOT_NULL_FATAL(ber);
    CU_ASSERT_EQUAL_FATAL(der[1], 0x82);
    ber[0] = 0x30; /* the same length in three octets */
    ber[1] = 0x83;
    ber[2] = 0;
    memcpy(ber + 3, der + 2, len - 2);
    refuses(ber, len + 1, "DER");
    ber[1] = 0x80; /* of indefinite length */
    memcpy(ber + 2, der + 4, len - 4);
    memset(ber + len - 2, 0, 2);
    refuses(ber, len, "DER");
    free(ber);
    free(der);
}

static void fault_16_a_validity_that_is_no_time_is_refused(void)
{
    X509 *x509 = certs_new("time", 1);
    size_t len;
    uint8_t *der;

    ASN1_STRING_set(X509_getm_notAfter(x509), "991399999999Z", -1);
    der = certs_finish(x509, &len);
    refuses(der, len, "notAfter");
    free(der);
}

static void fault_16_too_large_a_certificate_is_refused(void)
{
    uint8_t *zeros = calloc(1, OT_CERT_DER_MAX + 1);

    CU_ASSERT_PTR_NOT_NULL_FATAL(zeros);
    refuses(zeros, OT_CERT_DER_MAX + 1, "bytes long");
    free(zeros);
}

static void fault_17_odd_serials_are_kept(void)
{
    static const struct {
        const char *hex;
        const char *der;
        size_t len;
    } rows[] = {
        {"-1", "\x02\x01\xff", 3},
        {"-8000", "\x02\x02\x80\x00", 4},
        {"0", "\x02\x01\x00", 3},
        {"80", "\x02\x02\x00\x80", 4},
        {"0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324",
         "\x02\x24\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"
         "\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x20\x21\x22\x23"
         "\x24",
         38},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        X509 *x509 = certs_new("serial", 1);
        BIGNUM *number = NULL;
        struct ot_record record;
        struct ot_cert *cert;

        CU_ASSERT_FATAL(BN_hex2bn(&number, rows[i].hex) > 0);
        BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509));
        BN_free(number);
        cert = make(x509, &record);
        CU_ASSERT(ot_span_equal(record.field[OT_FIELD_SERIAL],
                                ot_span_of(rows[i].der, rows[i].len)));
        ot_cert_free(cert);
    }
}

static void fault_17_odd_extensions_are_kept(void)
{
    X509 *x509 = certs_new("extension", 1);
    int nid = OBJ_create("1.3.6.1.4.1.55555.1", "odd", "odd");
    ASN1_OBJECT *object = OBJ_nid2obj(nid);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    X509_EXTENSION *ext;
    struct ot_record record;
    struct ot_cert *cert;

    ASN1_OCTET_STRING_set(value, (const unsigned char *)"?", 1);
    ext = X509_EXTENSION_create_by_OBJ(NULL, object, 1, value);
    X509_add_ext(x509, ext, -1);
    X509_EXTENSION_free(ext);
    cert = make(x509, &record);
    CU_ASSERT(record.flags & OT_RECORD_CA);
    ot_cert_free(cert);

    /* One that OpenSSL knows and cannot read: kept, but nobody's CA. */
    x509 = certs_new("extension", 1);
    ext = X509_EXTENSION_create_by_NID(NULL, NID_key_usage, 1, value);
    X509_add_ext(x509, ext, -1);
    X509_EXTENSION_free(ext);
    ASN1_OCTET_STRING_free(value);
    cert = make(x509, &record);
    CU_ASSERT_EQUAL(record.flags & OT_RECORD_CA, 0);
    CU_ASSERT_EQUAL(record.field[OT_FIELD_KEY_ID].len, 20);
    ot_cert_free(cert);
}

static void fault_17_a_tiny_key_is_kept(void)
{
    X509 *x509 = certs_new("tiny", 1);
    EVP_PKEY *tiny = EVP_RSA_gen(512);
    struct ot_record record;
    struct ot_cert *cert;

    CU_ASSERT_PTR_NOT_NULL_FATAL(tiny);
    X509_set_pubkey(x509, tiny);
    EVP_PKEY_free(tiny);
    cert = make(x509, &record);
    CU_ASSERT_EQUAL(record.flags, OT_RECORD_CA | OT_RECORD_SELF_SIGNED);
    ot_cert_free(cert);
}

/* A key of an algorithm that OpenSSL does not know: an algorithm OID patched in place. */
static void fault_17_a_key_openssl_cannot_use_is_kept(void)
{
    static const uint8_t ec[] = {0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
    struct ot_record record;
    struct ot_cert *cert;
    size_t len;
    uint8_t *der = certs_der("unknown key", 1, &len);
    uint8_t *oid = memmem(der, len, ec, sizeof(ec));

    CU_ASSERT_PTR_NOT_NULL_FATAL(oid);
    oid[8] = 0x63;
    cert = parse(der, len, &record);
    CU_ASSERT_EQUAL(record.flags, OT_RECORD_CA | OT_RECORD_SELF_SIGNED);
    ot_cert_free(cert);
    free(der);
}

/* RFC 5280 §4.2.1.1: names alone do not tell, a new key signed with the old one keeps
 * them. No signature is verified: an anchor's own one proves nothing (§6.1.1). */
static void only_its_own_key_makes_it_self_signed(void)
{
    static const struct {
        const char *subject_key, *authority_key;
        uint32_t flag;
    } rows[] = {
        {"hash", "keyid:always", OT_RECORD_SELF_SIGNED},
        {"01:02", NULL, OT_RECORD_SELF_SIGNED},
        {"01:02", "keyid:always", 0},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        X509 *x509 = certs_new("rollover", 1);
        struct ot_record record;
        struct ot_cert *cert;

        if (rows[i].authority_key != NULL) /* of the key identifier that is there now */
            certs_add_ext(x509, NID_authority_key_identifier, rows[i].authority_key);
        X509_EXTENSION_free(X509_delete_ext(
            x509, X509_get_ext_by_NID(x509, NID_subject_key_identifier, -1)));
        certs_add_ext(x509, NID_subject_key_identifier, rows[i].subject_key);
        cert = make(x509, &record);
        CU_ASSERT_EQUAL(record.flags, OT_RECORD_CA | rows[i].flag);
        ot_cert_free(cert);
    }
}

static void fault_20_what_is_no_ca_is_shown_as_such(void)
{
    struct ot_record record;
    struct ot_cert *cert;
    X509_NAME *issuer;
    X509 *x509 = certs_new("leaf", 1);

    X509_EXTENSION_free(X509_delete_ext(x509, 0));
    certs_add_ext(x509, NID_basic_constraints, "CA:FALSE");
    cert = make(x509, &record);
    CU_ASSERT_EQUAL(record.flags, OT_RECORD_SELF_SIGNED);
    ot_cert_free(cert);

    x509 = certs_new("v1", 1); /* the old roots: version 1, self-signed */
    while (X509_get_ext_count(x509) > 0)
        X509_EXTENSION_free(X509_delete_ext(x509, 0));
    X509_set_version(x509, X509_VERSION_1);
    cert = make(x509, &record);
    CU_ASSERT_EQUAL(record.flags,
                    OT_RECORD_CA | OT_RECORD_SELF_SIGNED | OT_RECORD_NO_KEY_ID);
    ot_cert_free(cert);

    x509 = certs_new("issued", 1);
    issuer = with_attribute(X509_get_issuer_name(x509), NID_organizationName,
                            MBSTRING_ASC, "other", -1);
    CU_ASSERT_EQUAL(X509_set_issuer_name(x509, issuer), 1);
    X509_NAME_free(issuer);
    cert = make(x509, &record);
    CU_ASSERT_EQUAL(record.flags, OT_RECORD_CA);
    CU_ASSERT_FALSE(
        ot_span_equal(record.field[OT_FIELD_ISSUER], record.field[OT_FIELD_SUBJECT]));
    ot_cert_free(cert);
}

struct work {
    const uint8_t *der;
    size_t len;
    int bad;
};

static void *parse_often(void *arg)
{
    struct work *work = arg;

    for (int i = 0; i < 50; i++) {
        struct ot_cert *cert = NULL;
        struct ot_record record = {0};

        if (ot_cert_parse(&cert, work->der, work->len, NULL) != OT_OK) {
            work->bad++;
            continue;
        }
        ot_cert_fill(cert, &record);
        work->bad += !(record.flags & OT_RECORD_SELF_SIGNED);
        ot_cert_free(cert);
    }
    return NULL;
}

static void threads_parse_at_once(void)
{
    size_t len;
    uint8_t *der = certs_der("threads", 1, &len);
    pthread_t threads[8];
    struct work work[8];

    for (size_t i = 0; i < 8; i++) {
        work[i] = (struct work){der, len, 0};
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, parse_often, &work[i]),
                              0);
    }
    for (size_t i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        CU_ASSERT_EQUAL(work[i].bad, 0);
    }
    free(der);
}

int main(int argc, char **argv)
{
    static const struct unit_case cases[] = {
        {"threads parse at once", threads_parse_at_once},
        {"facts agree with OpenSSL", facts_agree_with_openssl},
        {"digests agree with OpenSSL", digests_agree_with_openssl},
        {"fill keeps what is not the certificate's",
         fill_keeps_what_is_not_the_certificates},
        {"key identifiers come from the extensions",
         key_identifiers_come_from_the_extensions},
        {"validity reaches to the year 9999", validity_reaches_to_the_year_9999},
        {"fault_16_trailing_bytes_and_damage_are_refused",
         fault_16_trailing_bytes_and_damage_are_refused},
        {"fault_16_a_key_in_der_is_refused", fault_16_a_key_in_der_is_refused},
        {"fault_16_ber_is_refused", fault_16_ber_is_refused},
        {"fault_16_a_validity_that_is_no_time_is_refused",
         fault_16_a_validity_that_is_no_time_is_refused},
        {"fault_16_too_large_a_certificate_is_refused",
         fault_16_too_large_a_certificate_is_refused},
        {"fault_17_odd_serials_are_kept", fault_17_odd_serials_are_kept},
        {"fault_17_odd_extensions_are_kept", fault_17_odd_extensions_are_kept},
        {"fault_17_a_tiny_key_is_kept", fault_17_a_tiny_key_is_kept},
        {"fault_17_a_key_OpenSSL_cannot_use_is_kept",
         fault_17_a_key_openssl_cannot_use_is_kept},
        {"only its own key makes it self-signed", only_its_own_key_makes_it_self_signed},
        {"fault_20_what_is_no_CA_is_shown_as_such",
         fault_20_what_is_no_ca_is_shown_as_such},
        {NULL, NULL},
    };

    return unit_main("cert", cases, argc, argv);
}
