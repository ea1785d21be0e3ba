#include "snapshot/name.h"

#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "certs.h"
#include "unit.h"

static unsigned seed = 20240607;

static unsigned draw(unsigned below)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 16) % below;
}

static const int types[] = {
    V_ASN1_UTF8STRING,      V_ASN1_PRINTABLESTRING, V_ASN1_T61STRING,
    V_ASN1_IA5STRING,       V_ASN1_VISIBLESTRING,   V_ASN1_BMPSTRING,
    V_ASN1_UNIVERSALSTRING, V_ASN1_NUMERICSTRING,   V_ASN1_BIT_STRING};
static const int kinds[] = {NID_commonName, NID_organizationName, NID_countryName,
                            NID_domainComponent, NID_x500UniqueIdentifier};

/* A short text in which case, spaces and a letter outside ASCII come and go, encoded for
 * a string type. */
static int random_text(unsigned char *out, int type)
{
    static const uint16_t letters[] = {'a', 'A', ' ', '\t', 'b', ' ', 'B', 0xe9, '\n'};
    unsigned n = draw(6), i, c;
    int len = 0;

    for (i = 0; i < n; i++) {
        c = letters[draw(sizeof(letters) / sizeof(letters[0]))];
        if (type == V_ASN1_UNIVERSALSTRING) {
            out[len++] = 0;
            out[len++] = 0;
        }
        if (type == V_ASN1_UNIVERSALSTRING || type == V_ASN1_BMPSTRING)
            out[len++] = 0;
        if (type == V_ASN1_UTF8STRING && c >= 0x80) {
            out[len++] = (unsigned char)(0xc0 | c >> 6);
            c = 0x80 | (c & 0x3f);
        }
        out[len++] = (unsigned char)c;
    }
    return len;
}

static X509_NAME *random_name(void)
{
    X509_NAME *name = X509_NAME_new();
    unsigned n = draw(4), i;
    unsigned char text[64];
    int type, len;

    for (i = 0; i < n; i++) {
        type = types[draw(sizeof(types) / sizeof(types[0]))];
        len = random_text(text, type);
        /* set -1: into the RDN before, so that several values share one. */
        X509_NAME_add_entry_by_NID(name, kinds[draw(5)], type, text, len, -1,
                                   i > 0 && draw(3) == 0 ? -1 : 0);
    }
    return name;
}

static uint8_t *canon_of(X509_NAME *name, size_t *len)
{
    unsigned char *der = NULL;
    int der_len = i2d_X509_NAME(name, &der);
    uint8_t *canon = ot_name_canon(der, (size_t)der_len, len);

    OPENSSL_free(der);
    return canon;
}

/* The same name as it comes back from its DER, which is how OpenSSL canonicalises it. */
static X509_NAME *reread(X509_NAME *name)
{
    unsigned char *der = NULL;
    const unsigned char *at;
    X509_NAME *copy;
    int len = i2d_X509_NAME(name, &der);

    at = der;
    copy = d2i_X509_NAME(NULL, &at, len);
    OPENSSL_free(der);
    X509_NAME_free(name);
    return copy;
}

/* As many names as there is time for: tests/run says how slow an emulator is. */
static unsigned rounds(unsigned natively)
{
    const char *slowness = getenv("ORGTRUST_SLOWNESS");
    unsigned factor = slowness != NULL ? (unsigned)strtoul(slowness, NULL, 10) : 1;

    return natively / (factor > 0 ? factor : 1);
}

static void equality_is_openssls_over_random_names(void)
{
    unsigned equal = 0, different = 0, wrong = 0, n_rounds = rounds(50000), i;
    X509_NAME *a, *b;
    uint8_t *x, *y;
    size_t m, n;

    for (i = 0; i < n_rounds; i++) {
        a = reread(random_name());
        b = reread(random_name());
        CU_ASSERT_FATAL(a != NULL && b != NULL);
        x = canon_of(a, &m);
        y = canon_of(b, &n);
        CU_ASSERT_FATAL(x != NULL && y != NULL);
        if (X509_NAME_cmp(a, b) == 0) {
            equal++;
            wrong += m != n || memcmp(x, y, m) != 0;
        } else {
            different++;
            wrong += m == n && memcmp(x, y, m) == 0;
        }
        free(x);
        free(y);
        X509_NAME_free(a);
        X509_NAME_free(b);
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_TRUE(equal > n_rounds / 200 && different > n_rounds / 200);
}

/* X509_NAME_hash_ex is a digest of OpenSSL's own canonical bytes: ours must be the same
 * bytes, not merely an equivalent form. */
static void the_bytes_are_openssls(void)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned long hash;
    unsigned wrong = 0, n_rounds = rounds(20000), i;
    X509_NAME *name;
    uint8_t *canon;
    size_t len;

    for (i = 0; i < n_rounds; i++) {
        name = reread(random_name());
        canon = canon_of(name, &len);
        EVP_Digest(canon, len, digest, NULL, EVP_sha1(), NULL);
        hash = (unsigned long)digest[0] | (unsigned long)digest[1] << 8 |
               (unsigned long)digest[2] << 16 | (unsigned long)digest[3] << 24;
        wrong += hash != X509_NAME_hash_ex(name, NULL, NULL, NULL);
        free(canon);
        X509_NAME_free(name);
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

static void an_empty_name_is_a_name(void)
{
    size_t len = 1;
    uint8_t *canon = ot_name_canon((const uint8_t *)"\x30\x00", 2, &len);

    CU_ASSERT_PTR_NOT_NULL(canon);
    CU_ASSERT_EQUAL(len, 0);
    free(canon);
}

static void a_value_that_grows_has_room(void)
{
    X509_NAME *name = X509_NAME_new();
    unsigned char text[60000];
    uint8_t *canon;
    size_t len;
    int i;

    memset(text, 0xe9, sizeof(text)); /* Latin-1: each becomes two bytes of UTF-8 */
    for (i = 0; i < 20; i++)
        X509_NAME_add_entry_by_NID(name, NID_x500UniqueIdentifier, V_ASN1_T61STRING, text,
                                   i % 2 ? 63 : (int)sizeof(text), -1, i % 3 ? -1 : 0);
    name = reread(name);
    canon = canon_of(name, &len);
    CU_ASSERT_PTR_NOT_NULL(canon);
    CU_ASSERT_TRUE(len > 20 * sizeof(text) / 2);
    free(canon);
    X509_NAME_free(name);
}

static void what_is_not_a_name_is_refused(void)
{
    static const char *const bad[] = {"30",
                                      "3001",
                                      "300100",
                                      "3100",
                                      "30023100",
                                      "30033101aa",
                                      "300431023000",
                                      "30063104300205",
                                      "3008310630040601",
                                      "30800000",
                                      "3084ffffffff",
                                      "300b3109300706035504031e0161",
                                      "3000ff",
                                      "3f1000",
                                      "300a31083006060355040c",
                                      ""};
    uint8_t bytes[64];
    size_t i, k, len;
    unsigned octet;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        len = strlen(bad[i]) / 2;
        for (k = 0; k < len; k++) {
            sscanf(bad[i] + 2 * k, "%2x", &octet);
            bytes[k] = (uint8_t)octet;
        }
        CU_ASSERT_PTR_NULL(ot_name_canon(bytes, len, &k));
    }
}

static const struct unit_case cases[] = {
    {"equality_is_openssls_over_random_names", equality_is_openssls_over_random_names},
    {"the_bytes_are_openssls", the_bytes_are_openssls},
    {"an_empty_name_is_a_name", an_empty_name_is_a_name},
    {"a_value_that_grows_has_room", a_value_that_grows_has_room},
    {"what_is_not_a_name_is_refused", what_is_not_a_name_is_refused},
    {NULL, NULL}};

int main(int argc, char **argv)
{
    return unit_main("name", cases, argc, argv);
}
