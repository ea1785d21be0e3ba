/* The provider's parts on their own: the table of reasons, auxiliary trust, parameters.
 */
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aux_trust_internal.h"
#include "base/limits.h"
#include "certs.h"
#include "config/config.h"
#include "config/source.h"
#include "errors_internal.h"
#include "store_params_internal.h"
#include "unit.h"

/* A core that notes what it is told. */
static struct {
    int created, marks, cleared, popped, line;
    uint32_t reason;
    char file[64], function[64], text[OT_ERROR_MAX];
} seen;

static void fake_new_error(const OSSL_CORE_HANDLE *handle)
{
    (void)handle;
    seen.created++;
}

static void fake_set_debug(const OSSL_CORE_HANDLE *handle, const char *file, int line,
                           const char *function)
{
    (void)handle;
    snprintf(seen.file, sizeof(seen.file), "%s", file);
    snprintf(seen.function, sizeof(seen.function), "%s", function);
    seen.line = line;
}

__attribute__((format(printf, 3, 0))) static void
fake_vset(const OSSL_CORE_HANDLE *handle, uint32_t reason, const char *fmt, va_list args)
{
    (void)handle;
    seen.reason = reason;
    vsnprintf(seen.text, sizeof(seen.text), fmt, args);
}

static int fake_mark(const OSSL_CORE_HANDLE *handle)
{
    (void)handle;
    return ++seen.marks;
}

static int fake_clear(const OSSL_CORE_HANDLE *handle)
{
    (void)handle;
    return ++seen.cleared;
}

static int fake_pop(const OSSL_CORE_HANDLE *handle)
{
    (void)handle;
    return ++seen.popped;
}

static const OSSL_DISPATCH fake_core[] = {
    {OSSL_FUNC_CORE_NEW_ERROR, (void (*)(void))fake_new_error},
    {OSSL_FUNC_CORE_SET_ERROR_DEBUG, (void (*)(void))fake_set_debug},
    {OSSL_FUNC_CORE_VSET_ERROR, (void (*)(void))fake_vset},
    {OSSL_FUNC_CORE_SET_ERROR_MARK, (void (*)(void))fake_mark},
    {OSSL_FUNC_CORE_CLEAR_LAST_ERROR_MARK, (void (*)(void))fake_clear},
    {OSSL_FUNC_CORE_POP_ERROR_TO_MARK, (void (*)(void))fake_pop},
    {0, NULL},
};

static const struct {
    enum ot_status status;
    unsigned reason;
    const char *text;
} expected[] = {
    {OT_E_NOMEM, 101, "out of memory"},
    {OT_E_INTERNAL, 102, "internal error"},
    {OT_E_USAGE, 103, "invalid uri or search"},
    {OT_E_CONFIG, 104, "configuration error"},
    {OT_E_NO_SNAPSHOT, 105, "nothing cached yet"},
    {OT_E_EXPIRED, 106, "cached certificates are too old"},
    {OT_E_CORRUPT, 107, "cached certificates are damaged"},
    {OT_E_UNSAFE, 108, "file is not safe to trust"},
    {OT_E_IO, 109, "file cannot be read"},
    {OT_E_NO_SPACE, 110, "no space left"},
    {OT_E_NETWORK, 111, "network error"},
    {OT_E_PROTOCOL, 112, "unexpected answer"},
    {OT_E_AUTH, 113, "not authorized"},
    {OT_E_NOT_FOUND, 114, "no such certificate"},
    {OT_E_REFUSED, 115, "refused by the server"},
    {OT_E_RATE, 116, "rate limited"},
    {OT_E_SERVER, 117, "server error"},
    {OT_E_EMPTY, 118, "empty list not confirmed"},
    {OT_E_BUSY, 119, "busy"},
    {OT_E_INTERRUPTED, 120, "interrupted"},
    {OT_E_FORBIDDEN, 121, "not allowed with this key"},
    {OT_E_LIMIT, 122, "limit of certificates reached"},
    {OT_E_BROKEN, 123, "does not do what it should"},
    {OT_E_SCOPE, 124, "cached certificates are of another scope"},
    {OT_E_NEEDED, 125, "still needed"},
};

#define ROWS (sizeof(expected) / sizeof(expected[0]))

static const char *text_of(unsigned reason)
{
    const OSSL_ITEM *item;

    for (item = ot_errors_reasons(); item->ptr != NULL; item++)
        if (item->id == reason)
            return item->ptr;
    return "";
}

static void every_status_has_its_reason(void)
{
    size_t i;

    CU_ASSERT_EQUAL(ROWS, OT_STATUS_COUNT - 1);
    for (i = 0; i < ROWS; i++)
        CU_ASSERT_STRING_EQUAL(text_of(expected[i].reason), expected[i].text);
}

static void every_reason_reaches_the_core(void)
{
    struct ot_core core;
    struct ot_error err;
    size_t i;

    for (i = 0; i < ROWS; i++) {
        memset(&seen, 0, sizeof(seen));
        ot_core_init(&core, NULL, fake_core);
        ot_error_set(&err, expected[i].status, "100%% of row %zu", i);
        ot_errors_queue(&core, &err, "some.c", 12, "some_function");
        CU_ASSERT_EQUAL(seen.created, 1);
        CU_ASSERT_EQUAL(seen.reason, expected[i].reason);
        CU_ASSERT_STRING_EQUAL(seen.text, err.message);
        CU_ASSERT_STRING_EQUAL(seen.file, "some.c");
        CU_ASSERT_STRING_EQUAL(seen.function, "some_function");
        CU_ASSERT_EQUAL(seen.line, 12);
    }
}

static void what_is_no_failure_is_an_internal_error(void)
{
    const enum ot_status none[] = {OT_OK, OT_STATUS_COUNT};
    struct ot_core core;

    ot_core_init(&core, NULL, fake_core);
    for (size_t i = 0; i < 2; i++) {
        const struct ot_error err = {none[i], "none", 0};

        ot_errors_queue(&core, &err, "f", 1, "f");
        CU_ASSERT_EQUAL(seen.reason, 102);
    }
}

static void a_core_without_errors_is_enough(void)
{
    static const OSSL_DISPATCH nothing[] = {{0, NULL}};
    struct ot_error err = {OT_E_IO, "unheard", 0};
    struct ot_core core;

    ot_core_init(&core, NULL, nothing);
    ot_errors_queue(&core, &err, "f", 1, "f");
    ot_errors_mark(&core);
    ot_errors_unmark(&core, true);
    ot_errors_unmark(&core, false);
    CU_ASSERT_PTR_NULL(core.new_error);
}

static void marks_are_popped_or_cleared(void)
{
    struct ot_core core;

    memset(&seen, 0, sizeof(seen));
    ot_core_init(&core, NULL, fake_core);
    ot_errors_mark(&core);
    ot_errors_unmark(&core, true);
    CU_ASSERT(seen.marks == 1 && seen.popped == 1 && seen.cleared == 0);
    ot_errors_unmark(&core, false);
    CU_ASSERT(seen.popped == 1 && seen.cleared == 1);
}

/* The purposes that OpenSSL trusts der with trust behind it for, as a string of letters:
 * server, client, email, code, and "any" for a verification without a purpose. */
static const char *trusted_for(const struct ot_aux_trust *trust)
{
    static const struct {
        int id;
        char letter;
    } trusts[] = {{X509_TRUST_SSL_SERVER, 's'},
                  {X509_TRUST_SSL_CLIENT, 'c'},
                  {X509_TRUST_EMAIL, 'e'},
                  {X509_TRUST_OBJECT_SIGN, 'o'},
                  {X509_TRUST_DEFAULT, 'a'}};
    static char letters[8];
    size_t i, len, n = 0;
    uint8_t *der = certs_der("Aux", 7, &len), *both = malloc(len + trust->len);
    const unsigned char *at = both;
    X509 *x509;

    if (both == NULL)
        abort();
    memcpy(both, der, len);
    memcpy(both + len, trust->der, trust->len);
    x509 = d2i_X509_AUX(NULL, &at, (long)(len + trust->len));
    CU_ASSERT_PTR_NOT_NULL_FATAL(x509);
    CU_ASSERT_PTR_EQUAL(at, both + len + trust->len);
    for (i = 0; i < sizeof(trusts) / sizeof(trusts[0]); i++)
        if (X509_check_trust(x509, trusts[i].id, 0) == X509_TRUST_TRUSTED)
            letters[n++] = trusts[i].letter;
    letters[n] = '\0';
    X509_free(x509);
    free(both);
    free(der);
    return letters;
}

static void purposes_become_auxiliary_trust(void)
{
    static const struct {
        unsigned purposes, denied;
        const char *letters;
    } rows[] = {
        {OT_PURPOSE_SERVER, 0, "s"},
        {OT_PURPOSE_CLIENT, 0, "c"},
        {OT_PURPOSE_EMAIL, 0, "e"},
        {OT_PURPOSE_CODE, 0, "o"},
        {OT_PURPOSE_CLIENT | OT_PURPOSE_EMAIL, 0, "ce"},
        {OT_PURPOSE_SERVER | OT_PURPOSE_EMAIL | OT_PURPOSE_CODE, 0, "seo"},
        {OT_PURPOSES_TLS, OT_PURPOSE_SERVER, "c"},
        {OT_PURPOSES_ALL, OT_PURPOSE_SERVER, "ceo"},
        {OT_PURPOSES_ALL, OT_PURPOSE_SERVER | OT_PURPOSE_CODE, "ce"},
        {OT_PURPOSE_SERVER, OT_PURPOSE_EMAIL, "s"},
        /* What a plain anchor is believed for beside its purposes, but what is denied. */
        {OT_PURPOSES_TLS, OT_PURPOSE_EMAIL, "scoa"},
        {OT_PURPOSES_ALL, OT_PURPOSE_EMAIL | OT_PURPOSE_CODE, "sca"},
        {OT_PURPOSES_TLS, OT_PURPOSES_TLS, ""},
        {OT_PURPOSES_ALL, OT_PURPOSES_ALL, ""},
    };
    struct ot_aux_trust trust;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ot_aux_trust_make(&trust, rows[i].purposes, rows[i].denied);
        CU_ASSERT(trust.len > 0);
        CU_ASSERT_STRING_EQUAL(trusted_for(&trust), rows[i].letters);
    }
}

static void both_ends_of_tls_stay_plain(void)
{
    struct ot_aux_trust trust;

    ot_aux_trust_make(&trust, OT_PURPOSES_TLS, 0);
    CU_ASSERT_EQUAL(trust.len, 0);
    ot_aux_trust_make(&trust, OT_PURPOSES_ALL, 0);
    CU_ASSERT_EQUAL(trust.len, 0);
    CU_ASSERT_STRING_EQUAL(trusted_for(&trust), "sceoa"); /* self-signed */
}

static void inactive_is_trusted_for_nothing(void)
{
    struct ot_aux_trust trust;
    unsigned purposes;

    for (purposes = 1; purposes < 16; purposes++) {
        ot_aux_trust_make(&trust, purposes, OT_PURPOSES_ALL);
        CU_ASSERT_STRING_EQUAL(trusted_for(&trust), "");
    }
}

static struct ot_query query_of(const struct ot_criteria *criteria)
{
    struct ot_query query = {.state = OT_STATE_ALL};

    ot_criteria_apply(criteria, &query);
    return query;
}

static bool is(struct ot_span span, const char *text)
{
    return ot_span_equal(span, ot_span_str(text));
}

static void parameters_are_copied_and_replaced(void)
{
    char subject[] = "subject", issuer[] = "issuer", alias[] = "alias";
    char print[] = "print", digest[] = "SHA2-384", properties[] = "fips=yes";
    int expect = 5;
    OSSL_PARAM params[] = {
        OSSL_PARAM_int(OSSL_STORE_PARAM_EXPECT, &expect),
        OSSL_PARAM_octet_string(OSSL_STORE_PARAM_SUBJECT, subject, 7),
        OSSL_PARAM_octet_string(OSSL_STORE_PARAM_ISSUER, issuer, 6),
        OSSL_PARAM_utf8_string(OSSL_STORE_PARAM_ALIAS, alias, 5),
        OSSL_PARAM_octet_string(OSSL_STORE_PARAM_FINGERPRINT, print, 5),
        OSSL_PARAM_utf8_string(OSSL_STORE_PARAM_DIGEST, digest, 8),
        OSSL_PARAM_utf8_string(OSSL_STORE_PARAM_PROPERTIES, properties, 8),
        OSSL_PARAM_utf8_string("something-of-the-future", properties, 8),
        OSSL_PARAM_END,
    };
    struct ot_criteria criteria = OT_CRITERIA_INIT;
    struct ot_query query;

    CU_ASSERT_FALSE(ot_criteria_is_search(&criteria));
    CU_ASSERT_EQUAL(ot_criteria_set(&criteria, NULL, NULL), OT_OK);
    CU_ASSERT_EQUAL(ot_criteria_set(&criteria, params, NULL), OT_OK);
    memset(subject, 'x', 7); /* the caller's memory is the caller's again */
    query = query_of(&criteria);
    CU_ASSERT(is(query.subject, "subject") && is(query.issuer, "issuer"));
    CU_ASSERT(is(query.alias, "alias") && is(query.fingerprint, "print"));
    CU_ASSERT(query.digest == OT_DIGEST_SHA2_384 && criteria.expect == 5);
    CU_ASSERT_EQUAL(query.state, OT_STATE_ALL);
    CU_ASSERT_TRUE(ot_criteria_is_search(&criteria));
    CU_ASSERT_EQUAL(ot_criteria_set(&criteria, params + 1, NULL), OT_OK);
    CU_ASSERT(is(query_of(&criteria).subject, "xxxxxxx"));
    ot_criteria_clear(&criteria);
    CU_ASSERT_FALSE(ot_criteria_is_search(&criteria));
}

/* A serial given as the core gives it, and as the search wants it. */
static void check_serial(unsigned type, const void *native, size_t len, const void *big,
                         size_t big_len)
{
    OSSL_PARAM params[] = {
        {OSSL_STORE_PARAM_SERIAL, type, (void *)(uintptr_t)native, len, 0},
        OSSL_PARAM_END,
    };
    struct ot_criteria criteria = OT_CRITERIA_INIT;

    CU_ASSERT_EQUAL(ot_criteria_set(&criteria, params, NULL), OT_OK);
    CU_ASSERT(ot_span_equal(query_of(&criteria).serial, ot_span_of(big, big_len)));
    ot_criteria_clear(&criteria);
}

static void serials_become_big_endian_magnitudes(void)
{
    const uint32_t positive = 0x01020304;
    const int32_t negative = -0x0102, lowest = INT32_MIN;
    const uint64_t zero = 0;

    check_serial(OSSL_PARAM_UNSIGNED_INTEGER, &positive, 4, "\1\2\3\4", 4);
    check_serial(OSSL_PARAM_INTEGER, &positive, 4, "\1\2\3\4", 4);
    check_serial(OSSL_PARAM_INTEGER, &negative, 4, "\0\0\1\2", 4);
    check_serial(OSSL_PARAM_INTEGER, &lowest, 4, "\x80\0\0\0", 4);
    check_serial(OSSL_PARAM_UNSIGNED_INTEGER, &zero, 8, "\0\0\0\0\0\0\0\0", 8);
    check_serial(OSSL_PARAM_UNSIGNED_INTEGER, &zero, 0, "", 0);
}

static void expect_is_read_at_any_width(void)
{
    int64_t wide = 5, absurd = -1;
    int32_t narrow = 6;
    int16_t odd = 5;
    struct ot_criteria criteria = OT_CRITERIA_INIT;
    OSSL_PARAM params[2] = {OSSL_PARAM_int64(OSSL_STORE_PARAM_EXPECT, &wide),
                            OSSL_PARAM_END};

    CU_ASSERT_EQUAL(ot_criteria_set(&criteria, params, NULL), OT_OK);
    CU_ASSERT_EQUAL(criteria.expect, 5);
    params[0] = (OSSL_PARAM)OSSL_PARAM_int32(OSSL_STORE_PARAM_EXPECT, &narrow);
    CU_ASSERT_EQUAL(ot_criteria_set(&criteria, params, NULL), OT_OK);
    CU_ASSERT_EQUAL(criteria.expect, 6);
    params[0].data = &absurd;
    params[0].data_size = sizeof(absurd);
    CU_ASSERT_EQUAL(ot_criteria_set(&criteria, params, NULL), OT_E_USAGE);
    params[0].data = &odd;
    params[0].data_size = sizeof(odd);
    CU_ASSERT_EQUAL(ot_criteria_set(&criteria, params, NULL), OT_E_USAGE);
}

static void wrong_parameters_are_refused_by_name(void)
{
    static const char *const keys[] = {
        OSSL_STORE_PARAM_EXPECT, OSSL_STORE_PARAM_SUBJECT, OSSL_STORE_PARAM_ISSUER,
        OSSL_STORE_PARAM_SERIAL, OSSL_STORE_PARAM_DIGEST,  OSSL_STORE_PARAM_FINGERPRINT,
        OSSL_STORE_PARAM_ALIAS};
    struct ot_criteria criteria = OT_CRITERIA_INIT;
    struct ot_error err = OT_ERROR_INIT;
    OSSL_PARAM params[2] = {OSSL_PARAM_END, OSSL_PARAM_END};
    char data[8] = "12345678";
    size_t i;

    for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        params[0] = (OSSL_PARAM){keys[i], OSSL_PARAM_REAL, data, 8, 0};
        CU_ASSERT_EQUAL(ot_criteria_set(&criteria, params, &err), OT_E_USAGE);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.message, keys[i]));
        params[0].data = NULL;
        CU_ASSERT_EQUAL(ot_criteria_set(&criteria, params, &err), OT_E_USAGE);
    }
    params[0] = (OSSL_PARAM){OSSL_STORE_PARAM_SUBJECT, OSSL_PARAM_OCTET_STRING, data,
                             OT_CERT_DER_MAX + 1u, 0};
    CU_ASSERT_EQUAL(ot_criteria_set(&criteria, params, &err), OT_E_USAGE);
    CU_ASSERT_FALSE(ot_criteria_is_search(&criteria));
}

static void unknown_digests_are_named(void)
{
    char whirlpool[] = "whirlpool";
    OSSL_PARAM params[] = {OSSL_PARAM_utf8_string(OSSL_STORE_PARAM_DIGEST, whirlpool, 9),
                           OSSL_PARAM_END};
    struct ot_criteria criteria = OT_CRITERIA_INIT;
    struct ot_error err = OT_ERROR_INIT;

    CU_ASSERT_EQUAL(ot_criteria_set(&criteria, params, &err), OT_E_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "whirlpool"));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "SHA2-256"));
}

static void everything_settable_is_listed(void)
{
    static const char *const keys[] = {"expect", "subject",     "name",  "serial",
                                       "digest", "fingerprint", "alias", "properties"};
    const OSSL_PARAM *param;
    size_t i = 0;

    for (param = ot_criteria_settable(); param->key != NULL; param++, i++)
        CU_ASSERT_STRING_EQUAL(param->key, keys[i]);
    CU_ASSERT_EQUAL(i, sizeof(keys) / sizeof(keys[0]));
}

static const struct unit_case cases[] = {
    {"every status has its reason", every_status_has_its_reason},
    {"every reason reaches the core", every_reason_reaches_the_core},
    {"what is no failure is an internal error", what_is_no_failure_is_an_internal_error},
    {"a core without errors is enough", a_core_without_errors_is_enough},
    {"marks are popped or cleared", marks_are_popped_or_cleared},
    {"purposes become auxiliary trust", purposes_become_auxiliary_trust},
    {"both ends of TLS stay plain", both_ends_of_tls_stay_plain},
    {"inactive is trusted for nothing", inactive_is_trusted_for_nothing},
    {"parameters are copied and replaced", parameters_are_copied_and_replaced},
    {"serials become big-endian magnitudes", serials_become_big_endian_magnitudes},
    {"expect is read at any width", expect_is_read_at_any_width},
    {"wrong parameters are refused by name", wrong_parameters_are_refused_by_name},
    {"unknown digests are named", unknown_digests_are_named},
    {"everything settable is listed", everything_settable_is_listed},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return unit_main("provider parts", cases, argc, argv);
}
