/* ot_cert_parse reads a plain certificate where it lies, and has OpenSSL read any other
 * without making its key. Here OpenSSL reads the same bytes with the key, and must accept
 * the same ones and say the same. */
#include <dirent.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/span.h"
#include "cert/cert.h"
#include "certs.h"
#include "snapshot/record.h"
#include "unit.h"

/* How many were taken, and of these had a key that OpenSSL can use. */
struct tally {
    size_t refused, taken, usable;
};

static X509 *read_whole(const uint8_t *der, size_t len)
{
    const uint8_t *p = der;
    unsigned char *again = NULL;
    X509 *x509 = d2i_X509(NULL, &p, (long)len);
    int n = x509 != NULL ? i2d_X509(x509, &again) : -1;
    bool good = n >= 0 && p == der + len && (size_t)n == len && !memcmp(again, der, len);

    OPENSSL_free(again);
    if (good)
        return x509;
    X509_free(x509);
    return NULL;
}

static int64_t seconds(const ASN1_TIME *time)
{
    int days, rest;
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);

    CU_ASSERT_EQUAL(ASN1_TIME_diff(&days, &rest, epoch, time), 1);
    ASN1_TIME_free(epoch);
    return (int64_t)days * 86400 + rest;
}

static bool is_name(struct ot_span field, const X509_NAME *name)
{
    unsigned char *der = NULL;
    int n = i2d_X509_NAME(name, &der);
    bool same = n > 0 && ot_span_equal(field, ot_span_of(der, (size_t)n));

    OPENSSL_free(der);
    return same;
}

static bool is_octets(struct ot_span field, const ASN1_OCTET_STRING *octets)
{
    return ot_span_equal(field, ot_span_of(ASN1_STRING_get0_data(octets),
                                           (size_t)ASN1_STRING_length(octets)));
}

static void compare_key_ids(const struct ot_record *record, X509 *x509)
{
    const ASN1_OCTET_STRING *own = X509_get0_subject_key_id(x509);
    const ASN1_OCTET_STRING *issuers = X509_get0_authority_key_id(x509);
    unsigned char sha1[EVP_MAX_MD_SIZE];
    unsigned n = 0;

    CU_ASSERT_EQUAL(X509_pubkey_digest(x509, EVP_sha1(), sha1, &n), 1);
    CU_ASSERT(ot_span_equal(record->field[OT_FIELD_SPKI_SHA1], ot_span_of(sha1, n)));
    if (own != NULL && ASN1_STRING_length(own) > 0)
        CU_ASSERT(is_octets(record->field[OT_FIELD_KEY_ID], own));
    if (issuers != NULL)
        CU_ASSERT(is_octets(record->field[OT_FIELD_AUTHORITY_KEY_ID], issuers));
}

static void compare_serial(const struct ot_record *record, const X509 *x509)
{
    struct ot_span magnitude = record->field[OT_FIELD_SERIAL_MAGNITUDE];
    BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x509), NULL);
    BIGNUM *ours = BN_bin2bn(magnitude.data, (int)magnitude.len, NULL);

    CU_ASSERT(magnitude.len == 0 || magnitude.data[0] != 0);
    CU_ASSERT_EQUAL(BN_ucmp(ours, number), 0);
    BN_free(number);
    BN_free(ours);
}

static bool is_self_signed(X509 *x509)
{
    AUTHORITY_KEYID *authority =
        X509_get_ext_d2i(x509, NID_authority_key_identifier, NULL, NULL);
    bool is =
        X509_NAME_cmp(X509_get_subject_name(x509), X509_get_issuer_name(x509)) == 0 &&
        X509_check_akid(x509, authority) == X509_V_OK;

    AUTHORITY_KEYID_free(authority);
    return is;
}

static void compare_facts(const struct ot_record *record, X509 *x509)
{
    int ca = X509_check_ca(x509);
    uint32_t flags = X509_get_extension_flags(x509);

    CU_ASSERT_EQUAL((record->flags & OT_RECORD_CA) != 0, ca == 1 || ca == 3);
    CU_ASSERT(is_name(record->field[OT_FIELD_SUBJECT], X509_get_subject_name(x509)));
    CU_ASSERT(is_name(record->field[OT_FIELD_ISSUER], X509_get_issuer_name(x509)));
    CU_ASSERT_EQUAL(record->valid_at, seconds(X509_get0_notBefore(x509)));
    CU_ASSERT_EQUAL(record->expires_at, seconds(X509_get0_notAfter(x509)));
    compare_key_ids(record, x509);
    compare_serial(record, x509);
    CU_ASSERT_EQUAL((record->flags & OT_RECORD_SELF_SIGNED) != 0, is_self_signed(x509));
    if ((flags & EXFLAG_INVALID) != 0)
        CU_ASSERT_EQUAL(record->flags & OT_RECORD_WITHHELD, OT_RECORD_WITHHELD);
    if ((flags & EXFLAG_XKUSAGE) == 0)
        CU_ASSERT_FALSE(record->flags & OT_RECORD_BARRED);
}

/* Names and times are read more strictly by us than by d2i_X509. */
static bool is_our_reason(const struct ot_error *err)
{
    return strncmp(err->message, "its ", 4) == 0;
}

static void compare(struct tally *tally, const uint8_t *der, size_t len)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_record record = {0};
    struct ot_cert *cert = NULL;
    enum ot_status status = ot_cert_parse(&cert, der, len, &err);
    X509 *x509 = read_whole(der, len);

    if (status == OT_OK && x509 != NULL) {
        ot_cert_fill(cert, &record);
        compare_facts(&record, x509);
        tally->taken++;
        tally->usable += X509_get0_pubkey(x509) != NULL;
    } else {
        CU_ASSERT_EQUAL(status, OT_E_PROTOCOL);
        CU_ASSERT(x509 == NULL || is_our_reason(&err));
        tally->refused++;
    }
    X509_free(x509);
    ot_cert_free(cert);
    ERR_clear_error();
}

/* Each byte in turn is another one. */
static void compare_damaged(struct tally *tally, uint8_t *der, size_t len)
{
    static const uint8_t damages[] = {0x01, 0x04, 0x80, 0xff};

    compare(tally, der, len);
    for (size_t i = 0; i < len * sizeof(damages); i++) {
        uint8_t *place = &der[i / sizeof(damages)], byte = *place;

        *place ^= damages[i % sizeof(damages)];
        compare(tally, der, len);
        *place = byte;
    }
}

static void compare_key(EVP_PKEY *key, long version)
{
    X509 *x509 = certs_new("whole", 1);
    struct tally tally = {0};
    uint8_t *der;
    size_t len;

    CU_ASSERT_PTR_NOT_NULL_FATAL(key);
    certs_add_ext(x509, NID_authority_key_identifier, "keyid");
    certs_add_ext(x509, NID_key_usage, "critical,keyCertSign,cRLSign");
    while (version == X509_VERSION_1 && X509_get_ext_count(x509) > 0)
        X509_EXTENSION_free(X509_delete_ext(x509, 0));
    X509_set_version(x509, version);
    X509_set_pubkey(x509, key);
    der = certs_finish(x509, &len);
    compare_damaged(&tally, der, len);
    CU_ASSERT(tally.refused > 0 && tally.usable > 0);
    CU_ASSERT(tally.taken > tally.usable); /* the key itself was damaged, too */
    free(der);
}

static void damaged_certificates_of_all_keys_are_read_alike(void)
{
    static const long versions[] = {X509_VERSION_1, X509_VERSION_3};
    EVP_PKEY *keys[] = {EVP_EC_gen("P-256"), EVP_RSA_gen(1024),
                        EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"),
                        EVP_PKEY_Q_keygen(NULL, NULL, "X448")};

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        for (size_t j = 0; j < sizeof(versions) / sizeof(versions[0]); j++)
            compare_key(keys[i], versions[j]);
        EVP_PKEY_free(keys[i]);
    }
}

static void compare_file(struct tally *tally, const char *path)
{
    FILE *file = fopen(path, "rb");
    static uint8_t bytes[65536];
    size_t len;

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    len = fread(bytes, 1, sizeof(bytes), file);
    CU_ASSERT(feof(file));
    fclose(file);
    compare(tally, bytes, len);
}

static void the_corpus_is_read_alike(void)
{
    DIR *dir = opendir(CERT_CORPUS);
    struct tally tally = {0};

    CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[4096];

        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s", CERT_CORPUS, entry->d_name);
        compare_file(&tally, path);
    }
    closedir(dir);
    CU_ASSERT(tally.refused > 0 && tally.taken > 0);
}

int main(int argc, char **argv)
{
    static const struct unit_case cases[] = {
        {"the corpus is read alike", the_corpus_is_read_alike},
        {"damaged certificates of all keys are read alike",
         damaged_certificates_of_all_keys_are_read_alike},
        {NULL, NULL},
    };

    return unit_main("cert_whole", cases, argc, argv);
}
