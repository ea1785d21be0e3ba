#include "snapshot/twin.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/record.h"
#include "unit.h"

/* A SubjectPublicKeyInfo that holds what another holds, in another form. */
struct spki {
    uint8_t *der;
    size_t len;
};

static struct spki spki_of(const X509_PUBKEY *key)
{
    struct spki spki = {NULL, 0};
    int len = i2d_X509_PUBKEY(key, &spki.der);

    CU_ASSERT_FATAL(len > 0);
    spki.len = (size_t)len;
    return spki;
}

static struct spki spki_of_key(EVP_PKEY *key, const char *form)
{
    X509_PUBKEY *public = NULL;
    struct spki spki;

    if (form != NULL)
        CU_ASSERT_EQUAL_FATAL(EVP_PKEY_set_utf8_string_param(key, "point-format", form),
                              1);
    CU_ASSERT_EQUAL_FATAL(X509_PUBKEY_set(&public, key), 1);
    spki = spki_of(public);
    X509_PUBKEY_free(public);
    return spki;
}

static bool are_twins(const char *name, struct spki a, const char *other, struct spki b)
{
    struct ot_record one = {.flags = 0}, two = {.flags = 0};

    one.field[OT_FIELD_SUBJECT_CANON] = ot_span_str(name);
    one.field[OT_FIELD_SPKI] = ot_span_of(a.der, a.len);
    two.field[OT_FIELD_SUBJECT_CANON] = ot_span_str(other);
    two.field[OT_FIELD_SPKI] = ot_span_of(b.der, b.len);
    CU_ASSERT_EQUAL(ot_record_is_twin(&one, &two), ot_record_is_twin(&two, &one));
    return ot_record_is_twin(&one, &two);
}

static void a_point_is_one_key_in_all_its_forms(void)
{
    static const char *const curves[] = {"P-256", "P-521", "sect283k1"};
    static const char *const forms[] = {"uncompressed", "compressed", "hybrid"};

    for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
        EVP_PKEY *key = EVP_EC_gen(curves[i]), *second = EVP_EC_gen(curves[i]);
        struct spki other = spki_of_key(second, NULL), written[3];

        for (size_t k = 0; k < 3; k++)
            written[k] = spki_of_key(key, forms[k]);
        for (size_t k = 0; k < 3; k++) {
            CU_ASSERT(are_twins("a", written[0], "a", written[k]));
            CU_ASSERT(are_twins("a", written[1], "a", written[k]));
            CU_ASSERT_FALSE(are_twins("a", written[0], "b", written[k]));
            CU_ASSERT_FALSE(are_twins("a", other, "a", written[k]));
        }
        for (size_t k = 0; k < 3; k++)
            OPENSSL_free(written[k].der);
        OPENSSL_free(other.der);
        EVP_PKEY_free(second);
        EVP_PKEY_free(key);
    }
}

/* The same key of RSA, of which other things are said. */
static struct spki spki_with_algorithm(EVP_PKEY *key, int nid, int parameters)
{
    X509_PUBKEY *public = NULL;
    const uint8_t *bits;
    struct spki spki;
    int len;

    CU_ASSERT_EQUAL_FATAL(X509_PUBKEY_set(&public, key), 1);
    CU_ASSERT_EQUAL_FATAL(X509_PUBKEY_get0_param(NULL, &bits, &len, NULL, public), 1);
    CU_ASSERT_EQUAL_FATAL(X509_PUBKEY_set0_param(public, OBJ_nid2obj(nid), parameters,
                                                 NULL, OPENSSL_memdup(bits, (size_t)len),
                                                 len),
                          1);
    spki = spki_of(public);
    X509_PUBKEY_free(public);
    return spki;
}

static void a_key_is_one_whatever_it_is_for(void)
{
    EVP_PKEY *key = EVP_RSA_gen(1024), *second = EVP_RSA_gen(1024);
    struct spki written[] = {
        spki_of_key(key, NULL),
        spki_with_algorithm(key, NID_rsaEncryption, V_ASN1_UNDEF),
        spki_with_algorithm(key, NID_rsassaPss, V_ASN1_UNDEF),
    };
    struct spki other = spki_of_key(second, NULL);

    for (size_t i = 0; i < sizeof(written) / sizeof(written[0]); i++) {
        CU_ASSERT(are_twins("a", written[0], "a", written[i]));
        CU_ASSERT_FALSE(are_twins("a", other, "a", written[i]));
    }
    for (size_t i = 0; i < sizeof(written) / sizeof(written[0]); i++)
        OPENSSL_free(written[i].der);
    OPENSSL_free(other.der);
    EVP_PKEY_free(second);
    EVP_PKEY_free(key);
}

/* Which is cut off anywhere, or absent. */
static void what_is_no_key_has_no_twin(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    struct spki whole = spki_of_key(key, NULL), absent = {NULL, 0};

    for (size_t len = 0; len < whole.len; len++) {
        struct spki cut = {malloc(len + 1), len};

        memcpy(cut.der, whole.der, len);
        CU_ASSERT_FALSE(are_twins("a", whole, "a", cut));
        CU_ASSERT(are_twins("a", cut, "a", cut));
        free(cut.der);
    }
    CU_ASSERT_FALSE(are_twins("a", whole, "a", absent));
    CU_ASSERT_FALSE(are_twins("a", absent, "a", absent));
    OPENSSL_free(whole.der);
    EVP_PKEY_free(key);
}

int main(int argc, char **argv)
{
    static const struct unit_case cases[] = {
        {"a_point_is_one_key_in_all_its_forms", a_point_is_one_key_in_all_its_forms},
        {"a_key_is_one_whatever_it_is_for", a_key_is_one_whatever_it_is_for},
        {"what_is_no_key_has_no_twin", what_is_no_key_has_no_twin},
        {NULL, NULL},
    };

    return unit_main("twin", cases, argc, argv);
}
