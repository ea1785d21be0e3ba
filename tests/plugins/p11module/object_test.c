/* The objects of a token: each attribute, to the byte, against what OpenSSL says of the
 * same certificate. */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "base/span.h"
#include "cert/cert.h"
#include "certs.h"
#include "config/config.h"
#include "config/source_path.h"
#include "files/path.h"
#include "snapshot/record.h"
#include "sync/snapshot_write.h"
#include "token.h"
#include "unit.h"

static const struct ot_functions *f;
static CK_SESSION_HANDLE session;

/* One certificate, whose DER is kept. */
static uint8_t *der;
static int der_len;
static X509 *x509;

static void begin(const char *more, X509 *cert)
{
    struct world_cert certs[] = {{"cert_one", "The Root", cert, true}};
    CK_OBJECT_HANDLE object;
    struct token_value value;
    const uint8_t *p;

    world_configure(more);
    world_write("default", certs, 1, AGE_FRESH);
    f = token_start(&session);
    object = token_first(session, CKO_CERTIFICATE);
    value = token_get(session, object, CKA_VALUE);
    p = value.data;
    x509 = d2i_X509(NULL, &p, (long)value.len);
    CU_ASSERT_PTR_NOT_NULL_FATAL(x509);
    der = NULL;
    der_len = i2d_X509(x509, &der);
    CU_ASSERT_EQUAL(value.len, (CK_ULONG)der_len);
    CU_ASSERT_EQUAL(memcmp(value.data, der, value.len), 0);
}

static void end(void)
{
    X509_free(x509);
    OPENSSL_free(der);
    token_stop();
}

static void expect_bytes(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                         const void *data, size_t len)
{
    struct token_value value = token_get(session, object, type);

    CU_ASSERT_EQUAL(value.len, len);
    CU_ASSERT_TRUE(value.len == len && memcmp(value.data, data, len) == 0);
}

static void expect_digest(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                          const EVP_MD *method, size_t len)
{
    unsigned char digest[EVP_MAX_MD_SIZE];

    EVP_Digest(der, (size_t)der_len, digest, NULL, method, NULL);
    expect_bytes(object, type, digest, len);
}

static void expect_name(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                        const X509_NAME *name)
{
    const unsigned char *bytes;
    size_t len;

    CU_ASSERT_EQUAL(X509_NAME_get0_der((X509_NAME *)name, &bytes, &len), 1);
    expect_bytes(object, type, bytes, len);
}

static void expect_serial(CK_OBJECT_HANDLE object)
{
    unsigned char *bytes = NULL;
    int len = i2d_ASN1_INTEGER(X509_get_serialNumber(x509), &bytes);

    expect_bytes(object, CKA_SERIAL_NUMBER, bytes, (size_t)len);
    OPENSSL_free(bytes);
}

/* What every object has (§4.4). */
static void expect_storage(CK_OBJECT_HANDLE object, const char *label,
                           const char *unique_id)
{
    CU_ASSERT_TRUE(token_truth(session, object, CKA_TOKEN));
    CU_ASSERT_FALSE(token_truth(session, object, CKA_PRIVATE));
    CU_ASSERT_FALSE(token_truth(session, object, CKA_MODIFIABLE));
    CU_ASSERT_FALSE(token_truth(session, object, CKA_COPYABLE));
    CU_ASSERT_FALSE(token_truth(session, object, CKA_DESTROYABLE));
    expect_bytes(object, CKA_LABEL, label, strlen(label));
    expect_bytes(object, CKA_UNIQUE_ID, unique_id, strlen(unique_id));
}

static void expect_absent(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
    CK_ATTRIBUTE attribute = {type, NULL, 0};

    CU_ASSERT_EQUAL(f->C_GetAttributeValue(session, object, &attribute, 1),
                    CKR_ATTRIBUTE_TYPE_INVALID);
    CU_ASSERT_EQUAL(attribute.ulValueLen, CK_UNAVAILABLE_INFORMATION);
}

static void a_certificate_has_all_that_the_specification_lists(void)
{
    unsigned char key_hash[20], *spki = NULL;
    const ASN1_OCTET_STRING *key_id;
    const ASN1_BIT_STRING *bits;
    X509 *cert = world_ca("The Root");
    CK_OBJECT_HANDLE object;
    int len;

    certs_set_validity(cert, "20240229120000Z", "20991231235959Z");
    begin("", cert);
    object = token_first(session, CKO_CERTIFICATE);
    CU_ASSERT_EQUAL(token_number(session, object, CKA_CLASS), CKO_CERTIFICATE);
    expect_storage(object, "The Root", "cert_one");
    CU_ASSERT_EQUAL(token_number(session, object, CKA_CERTIFICATE_TYPE), CKC_X_509);
    CU_ASSERT_TRUE(token_truth(session, object, CKA_TRUSTED));
    CU_ASSERT_EQUAL(token_number(session, object, CKA_CERTIFICATE_CATEGORY), 2);
    expect_digest(object, CKA_CHECK_VALUE, EVP_sha1(), 3);
    expect_bytes(object, CKA_START_DATE, "20240229", 8);
    expect_bytes(object, CKA_END_DATE, "20991231", 8);
    len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &spki);
    expect_bytes(object, CKA_PUBLIC_KEY_INFO, spki, (size_t)len);
    OPENSSL_free(spki);
    expect_name(object, CKA_SUBJECT, X509_get_subject_name(x509));
    expect_name(object, CKA_ISSUER, X509_get_issuer_name(x509));
    expect_serial(object);
    key_id = X509_get0_subject_key_id(x509);
    expect_bytes(object, CKA_ID, ASN1_STRING_get0_data(key_id),
                 (size_t)ASN1_STRING_length(key_id));
    expect_bytes(object, CKA_URL, "", 0);
    bits = X509_get0_pubkey_bitstr(x509);
    EVP_Digest(ASN1_STRING_get0_data(bits), (size_t)ASN1_STRING_length(bits), key_hash,
               NULL, EVP_sha1(), NULL);
    expect_bytes(object, CKA_HASH_OF_SUBJECT_PUBLIC_KEY, key_hash, 20);
    expect_bytes(object, CKA_HASH_OF_ISSUER_PUBLIC_KEY, key_hash, 20);
    CU_ASSERT_EQUAL(token_number(session, object, CKA_JAVA_MIDP_SECURITY_DOMAIN), 0);
    CU_ASSERT_EQUAL(token_number(session, object, CKA_NAME_HASH_ALGORITHM), CKM_SHA_1);
    CU_ASSERT_FALSE(token_truth(session, object, OT_CKA_X_DISTRUSTED));
    expect_absent(object, CKA_MODULUS);
    expect_absent(object, OT_CKA_NSS_TRUST_SERVER_AUTH);
    expect_absent(object, 0xce534372); /* CKA_NSS_MOZILLA_CA_POLICY */
    end();
}

static void trust_for_nss_has_all_that_its_root_list_has(void)
{
    CK_OBJECT_HANDLE object;

    begin("purposes = server, client, email, code\n", world_ca("The Root"));
    object = token_first(session, OT_CKO_NSS_TRUST);
    CU_ASSERT_EQUAL(token_number(session, object, CKA_CLASS), 0xce534353);
    expect_storage(object, "The Root", "cert_one:nss-trust");
    expect_name(object, CKA_ISSUER, X509_get_issuer_name(x509));
    expect_serial(object);
    expect_digest(object, 0xce5363b4, EVP_sha1(), 20);
    expect_digest(object, 0xce5363b5, EVP_md5(), 16);
    CU_ASSERT_EQUAL(token_number(session, object, 0xce536358), 0xce534352);
    CU_ASSERT_EQUAL(token_number(session, object, 0xce536359), 0xce534352);
    CU_ASSERT_EQUAL(token_number(session, object, 0xce53635a), 0xce534352);
    CU_ASSERT_EQUAL(token_number(session, object, 0xce53635b), 0xce534352);
    for (CK_ATTRIBUTE_TYPE type = 0xce53635c; type <= 0xce53635f; type++)
        CU_ASSERT_EQUAL(token_number(session, object, type), 0xce534353);
    CU_ASSERT_FALSE(token_truth(session, object, 0xce536360));
    expect_absent(object, CKA_VALUE);
    expect_absent(object, CKA_SUBJECT);
    end();
}

static void trust_has_all_that_the_specification_lists(void)
{
    CK_OBJECT_HANDLE object;

    begin("purposes = server, client, email, code\n", world_ca("The Root"));
    object = token_first(session, OT_CKO_TRUST);
    CU_ASSERT_EQUAL(token_number(session, object, CKA_CLASS), 11);
    expect_storage(object, "The Root", "cert_one:trust");
    expect_name(object, CKA_ISSUER, X509_get_issuer_name(x509));
    expect_serial(object);
    expect_digest(object, 0x635, EVP_sha256(), 32);
    CU_ASSERT_EQUAL(token_number(session, object, CKA_NAME_HASH_ALGORITHM), CKM_SHA256);
    for (CK_ATTRIBUTE_TYPE type = 0x62c; type <= 0x62f; type++)
        CU_ASSERT_EQUAL(token_number(session, object, type), 2);
    for (CK_ATTRIBUTE_TYPE type = 0x630; type <= 0x632; type++)
        CU_ASSERT_EQUAL(token_number(session, object, type), 4);
    end();
}

static void purposes_that_are_not_configured_are_not_trusted(void)
{
    static const struct {
        const char *name;
        CK_ATTRIBUTE_TYPE nss, trust;
    } purposes[] = {{"server", 0xce536358, 0x62c},
                    {"client", 0xce536359, 0x62d},
                    {"code", 0xce53635a, 0x62e},
                    {"email", 0xce53635b, 0x62f}};
    CK_OBJECT_HANDLE nss, trust;
    char more[64];

    for (size_t i = 0; i < 4; i++) {
        snprintf(more, sizeof(more), "purposes = %s\n", purposes[i].name);
        begin(more, world_ca("The Root"));
        nss = token_first(session, OT_CKO_NSS_TRUST);
        trust = token_first(session, OT_CKO_TRUST);
        for (size_t k = 0; k < 4; k++) {
            CU_ASSERT_EQUAL(token_number(session, nss, purposes[k].nss),
                            i == k ? 0xce534352 : 0xce534353);
            CU_ASSERT_EQUAL(token_number(session, trust, purposes[k].trust),
                            i == k ? 2 : 4);
        }
        end();
    }
}

#define EKU_OID 0x06, 0x03, 0x55, 0x1d, 0x25
#define KP(arc) 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, arc

static const unsigned char for_servers[] = {0x30, 0x13, EKU_OID, 0x04,
                                            0x0c, 0x30, 0x0a,    KP(1)};
static const unsigned char for_all_but_clients[] = {0x30, 0x27, EKU_OID, 0x04,  0x20,
                                                    0x30, 0x1e, KP(1),   KP(3), KP(4)};
static const unsigned char for_clients_and_email[] = {0x30, 0x1d, EKU_OID, 0x04, 0x16,
                                                      0x30, 0x14, KP(2),   KP(4)};
/* By the purpose that p11-kit has reserved for that. */
static const unsigned char for_nobody[] = {0x30, 0x15, EKU_OID, 0x04, 0x0e, 0x30, 0x0c,
                                           0x06, 0x0a, 0x2b,    0x06, 0x01, 0x04, 0x01,
                                           0x99, 0x77, 0x06,    0x0a, 0x10};

static void an_extension_has_all_that_p11_kit_describes(void)
{
    static const unsigned char oid[] = {EKU_OID};
    unsigned char *spki = NULL;
    CK_OBJECT_HANDLE object;
    int len;

    begin("purposes = client, email\n", world_ca("The Root"));
    object = token_first(session, OT_CKO_X_CERTIFICATE_EXTENSION);
    CU_ASSERT_EQUAL(token_number(session, object, CKA_CLASS), 0xd84447c8);
    expect_storage(object, "The Root", "cert_one:extension");
    len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &spki);
    expect_bytes(object, CKA_PUBLIC_KEY_INFO, spki, (size_t)len);
    OPENSSL_free(spki);
    expect_bytes(object, CKA_OBJECT_ID, oid, sizeof(oid));
    expect_bytes(object, CKA_VALUE, for_clients_and_email, sizeof(for_clients_and_email));
    expect_absent(object, CKA_SUBJECT);
    expect_absent(object, CKA_TRUSTED);
    end();
}

/* Anchors for both ends of TLS are plain, as in the provider. */
static void fault_62_limited_purposes_are_an_extension(void)
{
    static const struct {
        const char *purposes;
        bool is_trusted;
        const unsigned char *der; /* NULL: there is none */
        size_t len;
    } rows[] = {
        {"server, client", true, NULL, 0},
        {"server, client, email", true, NULL, 0},
        {"server, client, email, code", true, NULL, 0},
        {"server", true, for_servers, sizeof(for_servers)},
        {"server, email, code", true, for_all_but_clients, sizeof(for_all_but_clients)},
        {"client, email", false, for_clients_and_email, sizeof(for_clients_and_email)}};
    CK_OBJECT_HANDLE object;
    char more[64];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(more, sizeof(more), "purposes = %s\n", rows[i].purposes);
        begin(more, world_ca("The Root"));
        CU_ASSERT_EQUAL(token_count(session, OT_CKO_X_CERTIFICATE_EXTENSION),
                        rows[i].der != NULL);
        object = token_first(session, CKO_CERTIFICATE);
        CU_ASSERT_EQUAL(token_truth(session, object, CKA_TRUSTED), rows[i].is_trusted);
        CU_ASSERT_EQUAL(token_number(session, object, CKA_CERTIFICATE_CATEGORY), 2);
        if (rows[i].der != NULL)
            expect_bytes(token_first(session, OT_CKO_X_CERTIFICATE_EXTENSION), CKA_VALUE,
                         rows[i].der, rows[i].len);
        end();
    }
}

/* The extension takes the place of the certificate's own, which may leave out more. */
static void fault_62_an_extension_gives_no_more_than_the_certificate_has(void)
{
    static const struct {
        const char *usage;
        const unsigned char *der;
        size_t len;
    } rows[] = {{"serverAuth", for_servers, sizeof(for_servers)},
                {"clientAuth, serverAuth", for_servers, sizeof(for_servers)},
                {"anyExtendedKeyUsage", for_all_but_clients, sizeof(for_all_but_clients)},
                {"clientAuth", for_nobody, sizeof(for_nobody)},
                {"timeStamping", for_nobody, sizeof(for_nobody)}};
    X509 *cert;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cert = world_ca("The Root");
        certs_add_ext(cert, NID_ext_key_usage, rows[i].usage);
        begin("purposes = server, email, code\n", cert);
        expect_bytes(token_first(session, OT_CKO_X_CERTIFICATE_EXTENSION), CKA_VALUE,
                     rows[i].der, rows[i].len);
        end();
    }
}

/* p11-kit and GnuTLS look for a key's extensions and believe the last: all say what no
 * anchor of the key leaves out. What is no anchor has no say. */
static void fault_62_all_anchors_of_a_key_have_one_extension(void)
{
    struct world_cert certs[] = {{"cert_a", "Old", world_ca("Same"), true},
                                 {"cert_b", "New", world_ca("Same"), true},
                                 {"cert_c", "Other key", world_ca("Other"), true},
                                 {"cert_d", "Inactive", world_ca("Same"), false}};
    CK_OBJECT_CLASS class = OT_CKO_X_CERTIFICATE_EXTENSION;
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)}, {CKA_LABEL, NULL, 0}};
    static CK_OBJECT_HANDLE objects[TOKEN_OBJECTS_MAX];
    EVP_PKEY *key = EVP_EC_gen("P-256");
    size_t i;

    certs_add_ext(certs[0].x509, NID_ext_key_usage, "serverAuth, clientAuth");
    certs_add_ext(certs[3].x509, NID_ext_key_usage, "clientAuth");
    X509_set_pubkey(certs[2].x509, key);
    EVP_PKEY_free(key);
    world_configure("purposes = server, email, code\n");
    world_write("default", certs, 4, AGE_FRESH);
    f = token_start(&session);
    CU_ASSERT_EQUAL(token_count(session, class), 3);
    for (i = 0; i < 3; i++) {
        template[1].pValue = (void *)certs[i].name;
        template[1].ulValueLen = strlen(certs[i].name);
        CU_ASSERT_EQUAL_FATAL(token_find(session, template, 2, objects), 1);
        if (i < 2)
            expect_bytes(objects[0], CKA_VALUE, for_servers, sizeof(for_servers));
        else
            expect_bytes(objects[0], CKA_VALUE, for_all_but_clients,
                         sizeof(for_all_but_clients));
    }
    token_stop();
}

/* More anchors of one key than are looked at: none of them is trusted by its extension.
 */
static void too_many_anchors_of_a_key_are_for_nobody(void)
{
    world_configure("purposes = server\n");
    world_write_roots("default", "Root", OT_SAME_MAX + 1);
    f = token_start(&session);
    expect_bytes(token_first(session, OT_CKO_X_CERTIFICATE_EXTENSION), CKA_VALUE,
                 for_nobody, sizeof(for_nobody));
    token_stop();
}

/* Types that end as those of attributes do: the table of these is found by the end. */
static void an_attribute_is_known_by_its_whole_type(void)
{
    const CK_ATTRIBUTE_TYPE known[] = {CKA_CLASS, CKA_LABEL, CKA_VALUE, CKA_SUBJECT,
                                       CKA_ID,    0x12,      0x4,       0x63};
    CK_OBJECT_HANDLE object;
    CK_ATTRIBUTE attribute;

    begin("", world_ca("The Root"));
    object = token_first(session, CKO_CERTIFICATE);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        for (unsigned bit = 9; bit < 8 * sizeof(CK_ATTRIBUTE_TYPE); bit++) {
            attribute = (CK_ATTRIBUTE){known[i] | (CK_ATTRIBUTE_TYPE)1 << bit, NULL, 0};
            CU_ASSERT_EQUAL(f->C_GetAttributeValue(session, object, &attribute, 1),
                            CKR_ATTRIBUTE_TYPE_INVALID);
        }
    end();
}

static void the_profile_says_that_nobody_needs_to_log_in(void)
{
    CK_OBJECT_HANDLE object;

    begin("", world_ca("The Root"));
    object = token_first(session, CKO_PROFILE);
    CU_ASSERT_EQUAL(token_number(session, object, CKA_PROFILE_ID),
                    CKP_PUBLIC_CERTIFICATES_TOKEN);
    expect_storage(object, "public certificates", ":profile");
    CU_ASSERT_EQUAL(token_count(session, CKO_PROFILE), 1);
    end();
}

/* Facts, rule 4: whatever a token holds is trusted, or takes the rest with it. */
static void expect_none(const char *label)
{
    CK_ATTRIBUTE named[] = {{CKA_LABEL, (void *)label, strlen(label)}};
    static CK_OBJECT_HANDLE objects[TOKEN_OBJECTS_MAX];

    CU_ASSERT_EQUAL(token_find(session, named, 1, objects), 0);
}

static void fault_20_only_an_anchor_is_there(void)
{
    struct world_cert certs[] = {{"cert_a", "expired", world_ca("A"), true},
                                 {"cert_b", "future", world_ca("B"), true},
                                 {"cert_c", "leaf", world_leaf("CN=D", "C"), true},
                                 {"cert_d", "good", world_ca("D"), true},
                                 {"cert_e", "inactive", world_ca("E"), false},
                                 {"cert_f", "withheld", world_ca("F"), true},
                                 {"cert_g", "issued", world_ca("G"), true}};
    CK_ATTRIBUTE good[] = {{CKA_LABEL, "good", 4}}, issued[] = {{CKA_LABEL, "issued", 6}};
    static CK_OBJECT_HANDLE objects[TOKEN_OBJECTS_MAX];

    certs_set_validity(certs[0].x509, "20200101000000Z", "20210101000000Z");
    certs_set_validity(certs[1].x509, "20900101000000Z", "20910101000000Z");
    certs_add_ext(certs[5].x509, NID_netscape_comment, "once");
    certs_add_ext(certs[5].x509, NID_netscape_comment, "and again");
    certs_add_issuer_organization(certs[6].x509, "other");
    world_configure("");
    world_write("default", certs, 7, AGE_FRESH);
    f = token_start(&session);
    CU_ASSERT_EQUAL(token_count(session, CKO_CERTIFICATE), 2);
    CU_ASSERT_EQUAL(token_count(session, OT_CKO_NSS_TRUST), 2);
    CU_ASSERT_EQUAL(token_count(session, OT_CKO_TRUST), 2);
    expect_none("expired");
    expect_none("future");
    expect_none("leaf");
    expect_none("inactive");
    expect_none("withheld");
    CU_ASSERT_EQUAL(token_find(session, good, 1, objects), 3);
    CU_ASSERT_TRUE(token_truth(session, objects[0], CKA_TRUSTED));
    /* the issuer's key of one that another signed is not known for sure */
    CU_ASSERT_EQUAL(token_find(session, issued, 1, objects), 3);
    expect_bytes(objects[0], CKA_HASH_OF_ISSUER_PUBLIC_KEY, "", 0);
    token_stop();
}

/* The same bytes so many times: world_write would sign twice, and ECDSA signs otherwise
 * each time. */
static void write_copies(X509 *cert, size_t count)
{
    static struct ot_record records[OT_SAME_MAX + 1];
    static char ids[OT_SAME_MAX + 1][32];
    const struct ot_source *source;
    struct ot_config *config;
    struct ot_cert *parsed;
    uint8_t *bytes;
    size_t len;
    char *scope;

    bytes = certs_finish(cert, &len);
    CU_ASSERT_EQUAL_FATAL(ot_cert_parse(&parsed, bytes, len, NULL), OT_OK);
    CU_ASSERT_EQUAL_FATAL(ot_config_load(&config, NULL), OT_OK);
    CU_ASSERT_EQUAL_FATAL(ot_config_find(config, NULL, &source, NULL), OT_OK);
    scope = ot_source_scope(source);
    for (size_t i = 0; i < count; i++) {
        snprintf(ids[i], sizeof(ids[i]), "cert_%03zu", i);
        records[i] = (struct ot_record){.flags = OT_RECORD_ACTIVE};
        ot_cert_fill(parsed, &records[i]);
        records[i].field[OT_FIELD_ID] = ot_span_str(ids[i]);
    }
    CU_ASSERT_EQUAL_FATAL(ot_snapshot_write(world_path("default", "snapshot"), scope, 0,
                                            records, count, time(NULL), NULL),
                          OT_OK);
    free(scope);
    ot_config_free(config);
    ot_cert_free(parsed);
    free(bytes);
}

static void fault_19_one_certificate_under_two_ids_has_one_trust(void)
{
    world_configure("purposes = server\n");
    write_copies(world_ca("Twice"), 2);
    f = token_start(&session);
    CU_ASSERT_EQUAL(token_count(session, CKO_CERTIFICATE), 2);
    CU_ASSERT_EQUAL(token_count(session, OT_CKO_NSS_TRUST), 1);
    CU_ASSERT_EQUAL(token_count(session, OT_CKO_TRUST), 1);
    CU_ASSERT_EQUAL(token_count(session, OT_CKO_X_CERTIFICATE_EXTENSION), 2);
    expect_bytes(token_first(session, OT_CKO_TRUST), CKA_UNIQUE_ID, "cert_000:trust", 14);
    token_stop();
}

/* More than are looked through: trust is said more often, and not left out. */
static void fault_19_one_certificate_under_very_many_ids_is_trusted(void)
{
    world_configure("purposes = server\n");
    write_copies(world_ca("Often"), OT_SAME_MAX);
    f = token_start(&session);
    CU_ASSERT_EQUAL(token_count(session, OT_CKO_TRUST), 1);
    token_stop();
    write_copies(world_ca("Often"), OT_SAME_MAX + 1);
    f = token_start(&session);
    CU_ASSERT_EQUAL(token_count(session, CKO_CERTIFICATE), OT_SAME_MAX + 1);
    CU_ASSERT_EQUAL(token_count(session, OT_CKO_TRUST), OT_SAME_MAX + 1);
    token_stop();
}

static void sizes_are_the_sum_of_the_values(void)
{
    CK_ULONG size = 0;

    begin("", world_ca("The Root"));
    CU_ASSERT_EQUAL(
        f->C_GetObjectSize(session, token_first(session, CKO_CERTIFICATE), &size),
        CKR_OK);
    CU_ASSERT_TRUE(size > (CK_ULONG)der_len && size < 2 * (CK_ULONG)der_len + 500);
    end();
}

static void the_token_is_described_as_clients_need_it(void)
{
    CK_TOKEN_INFO token, other;
    CK_SLOT_INFO slot;

    world_configure("[source second]\n");
    world_write_roots("default", "A", 1);
    world_write_roots("second", "B", 1);
    f = token_start(&session);
    CU_ASSERT_EQUAL(f->C_GetSlotInfo(1, &slot), CKR_OK);
    CU_ASSERT_EQUAL(slot.flags, CKF_TOKEN_PRESENT);
    CU_ASSERT_EQUAL(f->C_GetTokenInfo(1, &token), CKR_OK);
    CU_ASSERT_EQUAL(f->C_GetTokenInfo(2, &other), CKR_OK);
    CU_ASSERT_EQUAL(token.flags, 0x402);
    CU_ASSERT_EQUAL(other.flags, 0x402);
    CU_ASSERT_EQUAL(memcmp(token.label, "orgtrust                        ", 32), 0);
    CU_ASSERT_EQUAL(memcmp(other.label, "orgtrust second                 ", 32), 0);
    CU_ASSERT_NOT_EQUAL(memcmp(token.serialNumber, other.serialNumber, 16), 0);
    /* part of URIs that people have written down: never another one */
    CU_ASSERT_EQUAL(memcmp(token.serialNumber, "6c5b964d9473ac1a", 16), 0);
    CU_ASSERT_EQUAL(token.ulMaxPinLen, 0);
    token_stop();
}

static void handles_mean_the_same_in_every_process(void)
{
    CK_OBJECT_HANDLE before, after;

    begin("", world_ca("The Root"));
    before = token_first(session, OT_CKO_TRUST);
    end();
    token_unload();
    begin("", world_ca("The Root"));
    after = token_first(session, OT_CKO_TRUST);
    CU_ASSERT_EQUAL(before, after);
    CU_ASSERT_EQUAL(token_first(session, CKO_CERTIFICATE) & 7, 1);
    end();
}

/* A snapshot whose checksums are right, but not what orgtrust writes: an id that would
 * not fit the place where names of objects are made. */
static void fault_74_a_forged_id_tells_nothing_of_the_stack(void)
{
    CK_OBJECT_HANDLE objects[TOKEN_OBJECTS_MAX];
    CK_ATTRIBUTE unique_id = {CKA_UNIQUE_ID, NULL, 0};
    char *id = malloc(5001);
    struct world_cert certs[] = {{id, "Forged", world_ca("Forged"), true},
                                 {"cert_good", "Good", world_ca("Good"), true}};
    CK_ULONG count, i;

    memset(id, 'i', 5000);
    id[5000] = '\0';
    world_configure("");
    world_write("default", certs, 2, AGE_FRESH);
    f = token_start(&session);
    CU_ASSERT_STRING_EQUAL(token_labels(session, NULL, 0), "Good;");
    count = token_find(session, NULL, 0, objects);
    CU_ASSERT(count > 0);
    for (i = 0; i < count; i++) {
        CU_ASSERT_EQUAL(f->C_GetAttributeValue(session, objects[i], &unique_id, 1),
                        CKR_OK);
        CU_ASSERT(unique_id.ulValueLen <= OT_ID_MAX + 16);
    }
    CU_ASSERT_PTR_NOT_NULL(strstr(token_log(), "damaged"));
    token_stop();
    free(id);
}

static const struct unit_case cases[] = {
    {"a_certificate_has_all_that_the_specification_lists",
     a_certificate_has_all_that_the_specification_lists},
    {"trust_for_nss_has_all_that_its_root_list_has",
     trust_for_nss_has_all_that_its_root_list_has},
    {"trust_has_all_that_the_specification_lists",
     trust_has_all_that_the_specification_lists},
    {"purposes_that_are_not_configured_are_not_trusted",
     purposes_that_are_not_configured_are_not_trusted},
    {"an_extension_has_all_that_p11_kit_describes",
     an_extension_has_all_that_p11_kit_describes},
    {"fault_62_limited_purposes_are_an_extension",
     fault_62_limited_purposes_are_an_extension},
    {"fault_62_an_extension_gives_no_more_than_the_certificate_has",
     fault_62_an_extension_gives_no_more_than_the_certificate_has},
    {"fault_62_all_anchors_of_a_key_have_one_extension",
     fault_62_all_anchors_of_a_key_have_one_extension},
    {"too_many_anchors_of_a_key_are_for_nobody",
     too_many_anchors_of_a_key_are_for_nobody},
    {"an_attribute_is_known_by_its_whole_type", an_attribute_is_known_by_its_whole_type},
    {"the_profile_says_that_nobody_needs_to_log_in",
     the_profile_says_that_nobody_needs_to_log_in},
    {"fault_20_only_an_anchor_is_there", fault_20_only_an_anchor_is_there},
    {"fault_19_one_certificate_under_two_ids_has_one_trust",
     fault_19_one_certificate_under_two_ids_has_one_trust},
    {"fault_19_one_certificate_under_very_many_ids_is_trusted",
     fault_19_one_certificate_under_very_many_ids_is_trusted},
    {"sizes_are_the_sum_of_the_values", sizes_are_the_sum_of_the_values},
    {"the_token_is_described_as_clients_need_it",
     the_token_is_described_as_clients_need_it},
    {"handles_mean_the_same_in_every_process", handles_mean_the_same_in_every_process},
    {"fault_74_a_forged_id_tells_nothing_of_the_stack",
     fault_74_a_forged_id_tells_nothing_of_the_stack},
    {NULL, NULL}};

int main(int argc, char **argv)
{
    return unit_main("p11 object", cases, argc, argv);
}
