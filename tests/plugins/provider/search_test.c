/* Every way to ask the provider, through OSSL_STORE. */
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "certs.h"
#include "unit.h"
#include "world.h"

#define URI "orgtrust:///"

static OSSL_LIB_CTX *libctx;

static OSSL_STORE_SEARCH *by_subject(const char *text, int type)
{
    static X509_NAME *name; /* must outlive the search */

    X509_NAME_free(name);
    name = world_name(text, type);
    return OSSL_STORE_SEARCH_by_name(name);
}

static OSSL_STORE_SEARCH *by_alias(const char *alias)
{
    return OSSL_STORE_SEARCH_by_alias(alias);
}

/* Alpha (named), Beta (inactive), Gamma (no name), all of their own subject. */
static void three(void)
{
    struct world_cert certs[] = {
        {"cert_a", "The first one", world_ca("Alpha"), true},
        {"cert_b", "The second one", world_ca("Beta"), false},
        {"cert_c", NULL, world_ca("Gamma"), true},
    };

    certs_set_validity(certs[0].x509, "20200101000000Z", "20600101000000Z");
    certs_set_validity(certs[1].x509, "20210101000000Z", "20600101000000Z");
    certs_set_validity(certs[2].x509, "20220101000000Z", "20600101000000Z");
    world_configure("");
    world_write("default", certs, 3, AGE_FRESH);
}

static void all_active_ones_newest_first(void)
{
    three();
    CU_ASSERT_STRING_EQUAL(world_list(libctx, URI, NULL), "Gamma;Alpha;");
    CU_ASSERT_STRING_EQUAL(world_walk(libctx, URI, 0, NULL)->names, "Gamma;Alpha;");
    CU_ASSERT_EQUAL(world_walk(libctx, URI, 0, NULL)->still_queued, 0);
    CU_ASSERT_STRING_EQUAL(world_list(libctx, "orgtrust:", NULL), "Gamma;Alpha;");
    CU_ASSERT_STRING_EQUAL(world_list(libctx, "ORGTRUST:///", NULL), "Gamma;Alpha;");
}

static void uris_choose(void)
{
    three();
    CU_ASSERT_STRING_EQUAL(world_list(libctx, URI "?state=all", NULL),
                           "Gamma;Beta;Alpha;");
    CU_ASSERT_STRING_EQUAL(world_list(libctx, URI "?state=inactive", NULL), "Beta;");
    CU_ASSERT_STRING_EQUAL(world_list(libctx, URI "cert_c", NULL), "Gamma;");
    CU_ASSERT_STRING_EQUAL(world_list(libctx, "orgtrust://default/cert_a", NULL),
                           "Alpha;");
    CU_ASSERT_STRING_EQUAL(world_list(libctx, URI "?name=The%20first%20one", NULL),
                           "Alpha;");
    CU_ASSERT_STRING_EQUAL(
        world_list(libctx, URI "?state=inactive&name=The%20second%20one", NULL), "Beta;");
    CU_ASSERT_STRING_EQUAL(world_list(libctx, URI "?name=The%20second%20one", NULL), "");
}

static void uri_and_criteria_must_both_hold(void)
{
    three();
    CU_ASSERT_STRING_EQUAL(world_list(libctx, URI "cert_a", by_alias("The first one")),
                           "Alpha;");
    CU_ASSERT_STRING_EQUAL(world_list(libctx, URI "cert_c", by_alias("The first one")),
                           "");
    CU_ASSERT_STRING_EQUAL(world_list(libctx, URI "?name=The%20first%20one",
                                      by_subject("CN=Alpha", MBSTRING_UTF8)),
                           "Alpha;");
    CU_ASSERT_STRING_EQUAL(world_list(libctx, URI "?name=The%20first%20one",
                                      by_subject("CN=Gamma", MBSTRING_UTF8)),
                           "");
    CU_ASSERT_STRING_EQUAL(world_list(libctx, URI, by_subject("CN=Beta", MBSTRING_UTF8)),
                           "");
    CU_ASSERT_STRING_EQUAL(
        world_list(libctx, URI "?state=all", by_subject("CN=Beta", MBSTRING_UTF8)),
        "Beta;");
}

static void one_certificate_that_is_not_there(void)
{
    const struct walk *walk;

    three();
    walk = world_walk(libctx, URI "cert_zzz", 0, NULL);
    CU_ASSERT(walk->opened && walk->count == 0 && walk->errors == 1);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(walk->message, "no such certificate: source 'default'"));
    CU_ASSERT_PTR_NOT_NULL(strstr(walk->message, "cert_zzz"));
    walk = world_walk(libctx, URI "cert_b", 0, NULL);
    CU_ASSERT_EQUAL(walk->errors, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(walk->message, "no active certificate cert_b"));
}

static void alias_is_name_label_or_id(void)
{
    three();
    CU_ASSERT_STRING_EQUAL(world_list(libctx, URI, by_alias("The first one")), "Alpha;");
    CU_ASSERT_STRING_EQUAL(world_list(libctx, URI, by_alias("cert_a")), "Alpha;");
    CU_ASSERT_STRING_EQUAL(world_list(libctx, URI, by_alias("Gamma")), "Gamma;");
    CU_ASSERT_STRING_EQUAL(world_list(libctx, URI, by_alias("the first one")), "");
    CU_ASSERT_STRING_EQUAL(world_list(libctx, URI, by_alias("cert_b")), "");
    CU_ASSERT_EQUAL(world_walk(libctx, URI, 5, by_alias("nothing"))->errors, 0);
}

static void subjects_match_as_X509_NAME_cmp_does(void)
{
    struct world_cert certs[2] = {{"cert_1", NULL, world_ca("x"), true},
                                  {"cert_2", NULL, world_ca("y"), true}};

    world_rename(certs[0].x509,
                 world_name("C=DE,O=Example  Trust Gmbh,CN=Root One", MBSTRING_UTF8));
    world_rename(certs[1].x509,
                 world_name("O=Multi+OU=Value,CN=Root Two", MBSTRING_UTF8));
    world_configure("");
    world_write("default", certs, 2, AGE_FRESH);
    CU_ASSERT_STRING_EQUAL(
        world_list(libctx, URI,
                   by_subject("C=DE,O=Example  Trust Gmbh,CN=Root One", MBSTRING_UTF8)),
        "Root One;");
    CU_ASSERT_STRING_EQUAL(
        world_list(libctx, URI,
                   by_subject("C=DE,O= example trust GMBH ,CN=root  one", MBSTRING_ASC)),
        "Root One;");
    CU_ASSERT_STRING_EQUAL(world_list(libctx, URI,
                                      by_subject("C=DE,O=Example Trust Gmbh,CN=Root One",
                                                 V_ASN1_PRINTABLESTRING)),
                           "Root One;");
    CU_ASSERT_STRING_EQUAL(
        world_list(libctx, URI,
                   by_subject("C=DE,O=Example Trust Gmbh,CN=Root One", V_ASN1_BMPSTRING)),
        "");
    CU_ASSERT_STRING_EQUAL(
        world_list(libctx, URI,
                   by_subject("CN=Root One,O=Example Trust Gmbh,C=DE", MBSTRING_UTF8)),
        "");
    CU_ASSERT_STRING_EQUAL(
        world_list(libctx, URI,
                   by_subject("OU=value+O=multi,CN=Root Two", MBSTRING_UTF8)),
        "Root Two;");
    CU_ASSERT_STRING_EQUAL(
        world_list(libctx, URI,
                   by_subject("O=Multi,OU=Value,CN=Root Two", MBSTRING_UTF8)),
        "");
}

static void all_of_a_subject_newest_valid_first(void)
{
    /* By position in the array: expired, older, newest, not yet valid, another subject.
     */
    static const char *const from[] = {"20100101000000Z", "20200101000000Z",
                                       "20210101000000Z", "20500101000000Z"};
    static const char *const to[] = {"20110101000000Z", "20600101000000Z",
                                     "20600101000000Z", "20600101000000Z"};
    struct world_cert certs[5];
    OSSL_STORE_CTX *store;
    OSSL_STORE_INFO *info;
    long serials[8] = {0};
    int i;

    for (i = 0; i < 4; i++) {
        static const char *const ids[] = {"cert_0", "cert_1", "cert_2", "cert_3"};

        certs[i] = (struct world_cert){ids[i], NULL, certs_new("Same", i), true};
        certs_set_validity(certs[i].x509, from[i], to[i]);
    }
    certs[4] = (struct world_cert){"cert_4", NULL, world_ca("Other"), true};
    world_configure("");
    world_write("default", certs, 5, AGE_FRESH);
    store = OSSL_STORE_open_ex(URI, libctx, NULL, NULL, NULL, NULL, NULL, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(store);
    OSSL_STORE_SEARCH *search = by_subject("CN=same", MBSTRING_UTF8);
    CU_ASSERT_EQUAL(OSSL_STORE_find(store, search), 1);
    OSSL_STORE_SEARCH_free(search);
    for (i = 0; i < 8 && (info = OSSL_STORE_load(store)) != NULL; i++) {
        serials[i] =
            ASN1_INTEGER_get(X509_get0_serialNumber(OSSL_STORE_INFO_get0_CERT(info)));
        OSSL_STORE_INFO_free(info);
    }
    OSSL_STORE_close(store);
    CU_ASSERT_EQUAL(i, 4);
    CU_ASSERT(serials[0] == 2 && serials[1] == 1);
    CU_ASSERT(serials[2] == 3 && serials[3] == 0); /* still there, behind the valid */
}

static void fault_19_the_same_certificate_under_two_ids(void)
{
    X509 *once = world_ca("Twice");
    struct world_cert certs[] = {{"cert_1", "one", once, true},
                                 {"cert_2", "two", NULL, true}};

    world_sign(once);
    certs[1].x509 = X509_dup(once);
    world_configure("");
    world_write("default", certs, 2, AGE_FRESH);
    CU_ASSERT_EQUAL(world_walk(libctx, URI, 5, NULL)->count, 2);
    CU_ASSERT_EQUAL(world_walk(libctx, URI "cert_1", 5, NULL)->count, 1);
    CU_ASSERT_EQUAL(world_walk(libctx, URI "cert_2", 5, NULL)->count, 1);
    CU_ASSERT_EQUAL(
        world_walk(libctx, URI, 5, by_subject("CN=Twice", MBSTRING_UTF8))->count, 2);
}

static OSSL_STORE_SEARCH *by_serial(const char *issuer, const char *serial)
{
    static X509_NAME *name;
    static ASN1_INTEGER *number;
    BIGNUM *bn = NULL;

    X509_NAME_free(name);
    ASN1_INTEGER_free(number);
    name = world_name(issuer, MBSTRING_UTF8);
    BN_hex2bn(&bn, serial);
    number = BN_to_ASN1_INTEGER(bn, NULL);
    BN_free(bn);
    return OSSL_STORE_SEARCH_by_issuer_serial(name, number);
}

static void set_serial(X509 *x509, const char *hex)
{
    BIGNUM *bn = NULL;

    BN_hex2bn(&bn, hex);
    BN_to_ASN1_INTEGER(bn, X509_get_serialNumber(x509));
    BN_free(bn);
}

static void issuer_and_serial(void)
{
    static const char *const hex[] = {
        "1", "80", "FF", "0102030405060708090A0B0C0D0E0F1011121314",
        "8000000000000000000000000000000000000000000000000000000000000000000000000000"};
    struct world_cert certs[5];
    char ids[5][16], cn[32];
    size_t i;

    for (i = 0; i < 5; i++) {
        snprintf(ids[i], sizeof(ids[i]), "cert_%zu", i);
        snprintf(cn, sizeof(cn), "Leaf %zu", i);
        certs[i] = (struct world_cert){ids[i], NULL, world_leaf("CN=Issuer", cn), true};
        set_serial(certs[i].x509, hex[i]);
    }
    world_configure("");
    world_write("default", certs, 5, AGE_FRESH);
    for (i = 0; i < 5; i++) {
        snprintf(cn, sizeof(cn), "Leaf %zu;", i);
        CU_ASSERT_STRING_EQUAL(world_list(libctx, URI, by_serial("CN=issuer", hex[i])),
                               cn);
        CU_ASSERT_STRING_EQUAL(world_list(libctx, URI, by_serial("CN=Leaf 0", hex[i])),
                               "");
    }
    CU_ASSERT_STRING_EQUAL(world_list(libctx, URI, by_serial("CN=Issuer", "81")), "");
    CU_ASSERT_STRING_EQUAL(world_list(libctx, URI, by_serial("CN=Issuer", "0")), "");
}

static void fault_17_a_negative_serial(void)
{
    struct world_cert certs[] = {{"cert_1", NULL, world_ca("Negative"), true},
                                 {"cert_2", NULL, world_ca("Zero"), true}};

    set_serial(certs[0].x509, "-1234");
    set_serial(certs[1].x509, "0");
    world_configure("");
    world_write("default", certs, 2, AGE_FRESH);
    CU_ASSERT_EQUAL(world_walk(libctx, URI, 5, NULL)->count, 2);
    CU_ASSERT_STRING_EQUAL(world_list(libctx, URI, by_serial("CN=Negative", "1234")),
                           "Negative;");
    CU_ASSERT_STRING_EQUAL(world_list(libctx, URI, by_serial("CN=Zero", "0")), "Zero;");
}

static void every_fingerprint_that_is_kept(void)
{
    static const char *const names[] = {"SHA1",     "SHA2-256", "SHA256",
                                        "SHA2-384", "SHA2-512", "MD5"};
    X509 *x509 = world_sign(world_ca("Printed"));
    struct world_cert certs[] = {{"cert_1", NULL, X509_dup(x509), true},
                                 {"cert_2", NULL, world_ca("Other"), true}};
    unsigned char print[EVP_MAX_MD_SIZE], *der = NULL;
    unsigned len;
    size_t i;

    /* Signed once more when it is written: with ECDSA, another certificate. So what is
     * printed is read back from the store itself. */
    world_configure("");
    world_write("default", certs, 2, AGE_FRESH);
    X509_free(x509);
    OSSL_STORE_CTX *store =
        OSSL_STORE_open_ex(URI "cert_1", libctx, NULL, NULL, NULL, NULL, NULL, NULL);
    OSSL_STORE_INFO *info = OSSL_STORE_load(store);
    CU_ASSERT_PTR_NOT_NULL_FATAL(info);
    int der_len = i2d_X509(OSSL_STORE_INFO_get0_CERT(info), &der);
    CU_ASSERT_FATAL(der_len > 0);
    OSSL_STORE_INFO_free(info);
    OSSL_STORE_close(store);
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        EVP_MD *md = EVP_MD_fetch(libctx, names[i], NULL);

        CU_ASSERT_PTR_NOT_NULL_FATAL(md);
        EVP_Digest(der, (size_t)der_len, print, &len, md, NULL);
        CU_ASSERT_STRING_EQUAL(
            world_list(libctx, URI, OSSL_STORE_SEARCH_by_key_fingerprint(md, print, len)),
            "Printed;");
        print[0] ^= 1;
        CU_ASSERT_STRING_EQUAL(
            world_list(libctx, URI, OSSL_STORE_SEARCH_by_key_fingerprint(md, print, len)),
            "");
        EVP_MD_free(md);
    }
    OPENSSL_free(der);
}

/* What open itself is given, by OPEN (whose failure to take it 3.0 does not survive) and
 * by OPEN_EX. */
static void parameters_of_open(void)
{
    char digest[] = "WHIRLPOOL", alias[] = "cert_a";
    OSSL_PARAM wrong[] = {OSSL_PARAM_utf8_string("digest", digest, 9), OSSL_PARAM_END};
    OSSL_PARAM right[] = {OSSL_PARAM_utf8_string("alias", alias, 6), OSSL_PARAM_END};
    OSSL_STORE_CTX *store;
    OSSL_STORE_INFO *info;
    const char *data = "";
    unsigned long code;

    three();
    ERR_clear_error();
    store = OSSL_STORE_open_ex(URI, libctx, NULL, NULL, NULL, wrong, NULL, NULL);
    if (store != NULL)
        CU_ASSERT_PTR_NULL(OSSL_STORE_load(store));
    code = ERR_peek_error_all(NULL, NULL, NULL, &data, NULL);
    CU_ASSERT_FATAL(code != 0);
    CU_ASSERT_STRING_EQUAL(ERR_reason_error_string(code), "invalid uri or search");
    CU_ASSERT_PTR_NOT_NULL(strstr(data, "WHIRLPOOL"));
    ERR_clear_error();
    OSSL_STORE_close(store);
    store = OSSL_STORE_open_ex(URI, libctx, NULL, NULL, NULL, right, NULL, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(store);
    info = OSSL_STORE_load(store);
    CU_ASSERT_PTR_NOT_NULL(info);
    OSSL_STORE_INFO_free(info);
    CU_ASSERT_EQUAL(OSSL_STORE_eof(store), 1);
    OSSL_STORE_close(store);
}

/* X509_LOOKUP_store does not look at what OSSL_STORE_find returns. */
static void a_search_that_cannot_be_done_finds_nothing(void)
{
    EVP_MD *md = EVP_MD_fetch(libctx, "KECCAK-256", NULL);
    const unsigned char print[32] = {0};
    OSSL_STORE_SEARCH *search;
    const struct walk *walk;

    three();
    if (md == NULL) /* before 3.2 */
        md = EVP_MD_fetch(libctx, "SHAKE256", NULL);
    ERR_clear_error();
    search = OSSL_STORE_SEARCH_by_key_fingerprint(md, print, (size_t)EVP_MD_get_size(md));
    CU_ASSERT_PTR_NOT_NULL_FATAL(search);
    walk = world_walk(libctx, URI, 5, search);
    CU_ASSERT(walk->count == 0 && walk->errors == 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(walk->message, "invalid uri or search: "));
    CU_ASSERT_PTR_NOT_NULL(strstr(walk->message, EVP_MD_get0_name(md)));
    EVP_MD_free(md);
}

static void expecting_something_else_gives_nothing(void)
{
    int kind;

    three();
    for (kind = OSSL_STORE_INFO_NAME; kind <= OSSL_STORE_INFO_CRL; kind++) {
        const struct walk *walk = world_walk(libctx, URI, kind, NULL);

        CU_ASSERT_EQUAL(walk->count, kind == OSSL_STORE_INFO_CERT ? 2 : 0);
        CU_ASSERT(walk->errors == 0 && walk->still_queued == 0);
    }
    unlink(world_path("default", "snapshot"));
    CU_ASSERT_EQUAL(world_walk(libctx, URI, OSSL_STORE_INFO_CRL, NULL)->errors, 0);
}

static bool opens(const char *propq)
{
    OSSL_STORE_CTX *store =
        OSSL_STORE_open_ex(URI, libctx, propq, NULL, NULL, NULL, NULL, NULL);
    OSSL_STORE_INFO *info = store != NULL ? OSSL_STORE_load(store) : NULL;
    bool loaded = info != NULL;

    OSSL_STORE_INFO_free(info);
    OSSL_STORE_close(store);
    ERR_clear_error();
    return loaded;
}

static void property_queries(void)
{
    three();
    CU_ASSERT_TRUE(opens("provider=orgtrust"));
    CU_ASSERT_TRUE(opens("?provider=orgtrust"));
    CU_ASSERT_TRUE(opens("fips=yes"));
    CU_ASSERT_TRUE(opens("provider=orgtrust,fips=yes"));
    CU_ASSERT_FALSE(opens("provider=default"));
    CU_ASSERT_FALSE(opens("fips=no"));
}

static void other_sources(void)
{
    struct world_cert one = {"cert_1", NULL, world_ca("Of another"), true};
    const struct walk *walk;
    OSSL_LIB_CTX *own;

    three();
    world_configure("[source other]\nproject = proj_1\n");
    world_write("other", &one, 1, AGE_FRESH);
    own = world_context(); /* reads the new configuration */
    CU_ASSERT_STRING_EQUAL(world_list(own, "orgtrust://other/", NULL), "Of another;");
    CU_ASSERT_STRING_EQUAL(world_list(own, "orgtrust://other/cert_1", NULL),
                           "Of another;");
    CU_ASSERT_STRING_EQUAL(world_list(own, URI, NULL), "Gamma;Alpha;");
    walk = world_walk(own, "orgtrust://typo/", 0, NULL);
    CU_ASSERT_FALSE(walk->opened);
    CU_ASSERT_PTR_NOT_NULL(strstr(walk->message, "configuration error: "));
    CU_ASSERT_PTR_NOT_NULL(strstr(walk->message, "typo"));
    CU_ASSERT_PTR_NOT_NULL(strstr(walk->message, "default"));
    CU_ASSERT_PTR_NOT_NULL(strstr(walk->message, "other"));
    world_context_free(own);
}

static void malformed_uris_fail_to_open(void)
{
    static const char *const bad[] = {"orgtrust://default/cert/../x",
                                      "orgtrust:///?state=perhaps",
                                      "orgtrust:///?x=y",
                                      "orgtrust://user@default/",
                                      "orgtrust:///#fragment",
                                      "orgtrust:///?name=%0",
                                      "orgtrust://default:80/"};
    size_t i;

    three();
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const struct walk *walk = world_walk(libctx, bad[i], 0, NULL);

        CU_ASSERT(!walk->opened && walk->errors == 1);
        CU_ASSERT_PTR_NOT_NULL(strstr(walk->message, "invalid uri or search: "));
        CU_ASSERT_PTR_NOT_NULL(strstr(walk->message, "orgtrust://"));
    }
}

static void the_directory_name_is_the_default_source(void)
{
    three();
    CU_ASSERT_STRING_EQUAL(world_list(libctx, "/usr/lib/orgtrust:", NULL),
                           "Gamma;Alpha;");
    CU_ASSERT_STRING_EQUAL(world_list(libctx, "/usr/lib/orgtrust:/etc/ssl/certs",
                                      by_subject("CN=Gamma", MBSTRING_UTF8)),
                           "Gamma;");
    CU_ASSERT_FALSE(world_walk(libctx, "/usr/lib/orgtrustx:/etc", 0, NULL)->opened);
}

static void the_provider_describes_itself(void)
{
    OSSL_PROVIDER *provider = OSSL_PROVIDER_load(libctx, "orgtrust");
    const char *name = NULL, *version = NULL, *build = NULL;
    int status = 0;
    OSSL_PARAM params[] = {{"name", OSSL_PARAM_UTF8_PTR, &name, 0, 0},
                           {"version", OSSL_PARAM_UTF8_PTR, &version, 0, 0},
                           {"buildinfo", OSSL_PARAM_UTF8_PTR, &build, 0, 0},
                           {"status", OSSL_PARAM_INTEGER, &status, sizeof(status), 0},
                           {NULL, 0, NULL, 0, 0}};
    const OSSL_PARAM *known = OSSL_PROVIDER_gettable_params(provider);

    CU_ASSERT_EQUAL(OSSL_PROVIDER_get_params(provider, params), 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(name);
    CU_ASSERT_PTR_NOT_NULL(strstr(name, "orgtrust"));
    CU_ASSERT(version != NULL && build != NULL && strcmp(version, build) == 0);
    CU_ASSERT_EQUAL(status, 1);
    CU_ASSERT_STRING_EQUAL(known[0].key, "name");
    params[0].data_type = OSSL_PARAM_INTEGER;
    CU_ASSERT_EQUAL(OSSL_PROVIDER_get_params(provider, params), 0);
    OSSL_PROVIDER_unload(provider);
}

static const struct unit_case cases[] = {
    {"all active ones, newest first", all_active_ones_newest_first},
    {"URIs choose", uris_choose},
    {"URI and criteria must both hold", uri_and_criteria_must_both_hold},
    {"one certificate that is not there", one_certificate_that_is_not_there},
    {"alias is name, label or id", alias_is_name_label_or_id},
    {"subjects match as X509_NAME_cmp does", subjects_match_as_X509_NAME_cmp_does},
    {"all of a subject, newest valid first", all_of_a_subject_newest_valid_first},
    {"fault_19_the same certificate under two ids",
     fault_19_the_same_certificate_under_two_ids},
    {"issuer and serial", issuer_and_serial},
    {"fault_17_a negative serial", fault_17_a_negative_serial},
    {"every fingerprint that is kept", every_fingerprint_that_is_kept},
    {"parameters of open", parameters_of_open},
    {"a search that cannot be done finds nothing",
     a_search_that_cannot_be_done_finds_nothing},
    {"expecting something else gives nothing", expecting_something_else_gives_nothing},
    {"property queries", property_queries},
    {"other sources", other_sources},
    {"malformed URIs fail to open", malformed_uris_fail_to_open},
    {"the directory name is the default source",
     the_directory_name_is_the_default_source},
    {"the provider describes itself", the_provider_describes_itself},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    int status;

    libctx = world_context();
    /* The scratch directory is unit_main's: the context reads no file before the first
     * URI is opened, by when every test has written a configuration. */
    status = unit_main("provider searches", cases, argc, argv);
    world_context_free(libctx);
    return status;
}
