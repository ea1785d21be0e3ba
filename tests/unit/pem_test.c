#include "cert/pem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "certs.h"
#include "unit.h"

#define BEGIN "-----BEGIN CERTIFICATE-----"
#define END "-----END CERTIFICATE-----"
#define ABC "YWJj" /* "abc": these tests are about PEM, not about what is inside */
#define BLOCK BEGIN "\n" ABC "\n" END "\n"

/* Decodes text; returns the status. The DER must be there exactly on success. */
static enum ot_status decode(const char *text, const char *expected, struct ot_error *err)
{
    /* A copy without its NUL, so that the sanitizer sees a read behind the end. */
    size_t len = strlen(text), der_len = 1;
    char *exact = malloc(len > 0 ? len : 1);
    uint8_t *der = NULL;
    enum ot_status status;

    CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
    memcpy(exact, text, len);
    status = ot_pem_decode(&der, &der_len, exact, len, err);
    CU_ASSERT((status == OT_OK) == (der != NULL));
    if (expected != NULL) {
        CU_ASSERT_EQUAL(status, OT_OK);
        CU_ASSERT(der != NULL && der_len == strlen(expected) &&
                  memcmp(der, expected, der_len) == 0);
    } else {
        CU_ASSERT_EQUAL(status, OT_E_PROTOCOL);
        CU_ASSERT_EQUAL(der_len, 0);
    }
    free(der);
    free(exact);
    return status;
}

static void accepts(const char *text, const char *expected)
{
    struct ot_error err = OT_ERROR_INIT;

    if (decode(text, expected, &err) != OT_OK)
        fprintf(stderr, "refused: %s\n  for: %s\n", text, err.message);
}

static void refuses(const char *text, const char *why)
{
    struct ot_error err = OT_ERROR_INIT;

    decode(text, NULL, &err);
    CU_ASSERT_EQUAL(err.status, OT_E_PROTOCOL);
    if (strstr(err.message, why) == NULL) {
        CU_FAIL("the reason is another one");
        fprintf(stderr, "text: %s\n  reason: %s\n  expected: %s\n", text, err.message,
                why);
    }
}

static void a_block_of_any_length_round_trips(void)
{
    uint8_t bytes[200];

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 37 + 11);
    for (size_t n = 1; n <= sizeof(bytes); n++) {
        char *pem = ot_pem_encode(bytes, n);
        uint8_t *der = NULL;
        size_t len = 0;

        CU_ASSERT_PTR_NOT_NULL_FATAL(pem);
        CU_ASSERT_EQUAL(ot_pem_decode(&der, &len, pem, strlen(pem), NULL), OT_OK);
        CU_ASSERT(der != NULL && len == n && memcmp(der, bytes, n) == 0);
        free(der);
        free(pem);
    }
}

static void encoding_is_what_openssl_writes(void)
{
    char *theirs = certs_pem("encoded", 1), *ours;
    uint8_t *der = NULL;
    size_t len = 0;

    CU_ASSERT_EQUAL_FATAL(ot_pem_decode(&der, &len, theirs, strlen(theirs), NULL), OT_OK);
    ours = ot_pem_encode(der, len);
    CU_ASSERT_PTR_NOT_NULL_FATAL(ours);
    CU_ASSERT_STRING_EQUAL(ours, theirs);
    free(ours);
    free(der);
    free(theirs);
}

static void line_ends_of_every_kind_are_allowed(void)
{
    accepts(BLOCK, "abc");
    accepts(BEGIN "\r\nYWJj\r\nYWJj\r\n" END "\r\n", "abcabc");
    accepts(BEGIN "\n\nYW\nJ\tj \n\n" END, "abc");
    accepts(BEGIN "\nYWI=\n" END, "ab");
    accepts(BEGIN "\nYQ==\n" END, "a");
    accepts("-----BEGIN X509 CERTIFICATE-----\nYWJj\n-----END X509 CERTIFICATE-----\n",
            "abc");
}

static void fault_13_private_keys_come_first(void)
{
    const char *why = "private key";

    refuses("-----BEGIN PRIVATE KEY-----\nYWJj\n-----END PRIVATE KEY-----\n", why);
    refuses("-----BEGIN RSA PRIVATE KEY-----\nYWJj\n-----END RSA PRIVATE KEY-----\n",
            why);
    refuses(BLOCK "-----BEGIN EC PRIVATE KEY-----\nYWJj\n-----END EC PRIVATE KEY-----\n",
            why);
    refuses("-----BEGIN ENCRYPTED PRIVATE KEY-----\n%%\n" BLOCK BLOCK, why);
    refuses("-----BEGIN OPENSSH PRIVATE KEY-----" BLOCK, why);
    refuses("---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n" BLOCK, why);
    refuses(BEGIN "\n-----BEGIN PRIVATE KEY-----", why);
    refuses(BLOCK "-----END PRIVATE KEY-----", why);
    refuses("-----BEGIN PGP PRIVATE KEY BLOCK-----\n", why);
    refuses("-----BEGIN PRIVATE KEY", why);
    refuses("garbage-----BEGIN PRIVATE KEY-----YWJj-----END PRIVATE KEY-----garbage",
            why);
}

static void fault_13_no_reason_quotes_the_content(void)
{
    static const char *const texts[] = {
        "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n",
        "-----BEGIN c2VjcmV0-----\nYWJj\n-----END c2VjcmV0-----\n",
        BEGIN "\nc2VjcmV0*\n" END,
        BEGIN "\nc2VjcmV0: c2VjcmV0\n\nYWJj\n" END,
        BEGIN "\nc2VjcmV0c\n" END,
        "c2VjcmV0",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct ot_error err = OT_ERROR_INIT;

        decode(texts[i], NULL, &err);
        CU_ASSERT_PTR_NULL(strstr(err.message, "c2Vj"));
        CU_ASSERT_PTR_NULL(strstr(err.message, "secret"));
        CU_ASSERT(err.message[0] != '\0');
    }
}

static void fault_14_one_certificate_and_nothing_else(void)
{
    refuses(BLOCK BLOCK, "2 certificates");
    refuses(BLOCK "text\n" BLOCK BLOCK, "3 certificates");
    refuses(BLOCK "-----BEGIN X509 CRL-----\nYWJj\n-----END X509 CRL-----\n",
            "a revocation list");
    refuses(
        "-----BEGIN TRUSTED CERTIFICATE-----\nYWJj\n-----END TRUSTED CERTIFICATE-----",
        "trust settings");
    refuses(
        "-----BEGIN CERTIFICATE REQUEST-----\nYWJj\n-----END CERTIFICATE REQUEST-----",
        "a certificate request");
    refuses("-----BEGIN certificate-----\nYWJj\n-----END certificate-----",
            "another kind");
    refuses("-----BEGIN CERTIFICATE -----\nYWJj\n-----END CERTIFICATE -----",
            "another kind");
}

static void fault_14_headers_inside_the_block_are_refused(void)
{
    refuses(BEGIN "\nProc-Type: 4,ENCRYPTED\nDEK-Info: DES-CBC,0\n\nYWJj\n" END,
            "not base64");
    refuses(BEGIN "\nComment: x\n\nYWJj\n" END, "headers");
    refuses(BEGIN "\nX:\nYWJj\n" END, "headers");
}

static void fault_14_text_around_the_block_is_allowed(void)
{
    accepts("subject=CN = a\nissuer=CN = b\n\n" BLOCK, "abc");
    accepts(BLOCK "the end, ----- with dashes -----\n", "abc");
    accepts("\xef\xbb\xbf" BLOCK, "abc");
    accepts("This is no PRIVATE KEY, as one BEGIN would say.\n" BLOCK, "abc");
    accepts("x" BEGIN ABC END "x", "abc");
}

static void fault_15_without_line_breaks(void)
{
    char *pem = certs_pem("one line", 1);
    size_t len = strlen(pem), n = 0;
    uint8_t *der = NULL;

    accepts(BEGIN ABC END, "abc");
    accepts(BEGIN " " ABC " " ABC " " END, "abcabc");
    for (size_t i = 0; i < len; i++)
        if (pem[i] != '\n')
            pem[n++] = pem[i];
    CU_ASSERT_EQUAL(ot_pem_decode(&der, &len, pem, n, NULL), OT_OK);
    free(der);
    free(pem);
    refuses(BEGIN "\\n" ABC "\\n" END, "not base64");
}

static void base64_is_decoded_strictly(void)
{
    refuses(BEGIN END, "empty");
    refuses(BEGIN "\n" END, "empty");
    refuses(BEGIN "\nYWJ\n" END, "padded");
    refuses(BEGIN "\nYWJjY\n" END, "padded");
    refuses(BEGIN "\nYWJj=\n" END, "padded");
    refuses(BEGIN "\nY===\n" END, "padded");
    refuses(BEGIN "\n====\n" END, "padded");
    refuses(BEGIN "\nYQ==YWJj\n" END, "behind the padding");
    refuses(BEGIN "\nYQ=Q\n" END, "behind the padding");
    refuses(BEGIN "\nYWJ=\n" END, "left over"); /* 'J' has bits that "YWI=" has not */
    refuses(BEGIN "\nYR==\n" END, "left over");
    refuses(BEGIN "\nYW-j\n" END, "not base64");
    refuses(BEGIN "\nYW_j\n" END, "not base64");
    refuses(BEGIN "\nYW\xc3\xa4\n" END, "not base64");
    refuses(BEGIN "-\nYWJj\n" END, "not base64");
}

static void markers_must_be_whole_and_in_pairs(void)
{
    refuses("", "no CERTIFICATE block");
    refuses(ABC, "no CERTIFICATE block");
    refuses("-----BEGIN CERTIFICATE----\nYWJj\n-----END CERTIFICATE----", "cut off");
    refuses(BEGIN "\nYWJj\n", "cut off");
    refuses(BEGIN "\nYWJj\n-----END CERTIFICATE", "cut off");
    refuses("-----BEGIN CERTIFICATE", "cut off");
    refuses("\nYWJj\n" END, "pairs");
    refuses(BEGIN BEGIN "\nYWJj\n" END, "pairs");
    refuses(BLOCK END, "pairs");
    refuses(BEGIN "\nYWJj\n-----END X509 CERTIFICATE-----", "differ");
}

static void too_long_a_text_is_refused(void)
{
    size_t len = OT_CERT_PEM_MAX + 1, der_len;
    char *text = malloc(len);
    uint8_t *der;
    struct ot_error err = OT_ERROR_INIT;

    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    memset(text, '\n', len);
    memcpy(text, BLOCK, strlen(BLOCK));
    CU_ASSERT_EQUAL(ot_pem_decode(&der, &der_len, text, len, &err), OT_E_PROTOCOL);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "bytes long"));
    CU_ASSERT_EQUAL(ot_pem_decode(&der, &der_len, text, len - 1, &err), OT_OK);
    free(der);
    free(text);
}

/* What ot_pem_each found, one behind the other; it ends at "stop". */
struct found {
    char text[64];
    unsigned count;
};

static enum ot_status note(void *arg, const uint8_t *der, size_t len,
                           struct ot_error *err)
{
    struct found *found = arg;
    size_t used = strlen(found->text);

    CU_ASSERT_FATAL(used + len < sizeof(found->text));
    memcpy(found->text + used, der, len);
    found->text[used + len] = '\0';
    found->count++;
    if (len == 4 && memcmp(der, "stop", 4) == 0)
        return ot_error_set(err, OT_E_REFUSED, "stopped");
    return OT_OK;
}

static void each(const char *text, const char *expected, unsigned count,
                 enum ot_status status)
{
    struct ot_error err = OT_ERROR_INIT;
    struct found found = {"", 0};

    CU_ASSERT_EQUAL(ot_pem_each(text, strlen(text), note, &found, &err), status);
    CU_ASSERT_EQUAL(err.status, status);
    CU_ASSERT_STRING_EQUAL(found.text, expected);
    CU_ASSERT_EQUAL(found.count, count);
}

static void several_come_in_their_order(void)
{
    static const char other[] = "and\n" BEGIN "\nZGVm\n" END "\n";
    static const char stop[] = BEGIN "\nc3RvcA==\n" END "\n";
    char text[512];

    each(BLOCK, "abc", 1, OT_OK);
    snprintf(text, sizeof(text), "%s%s%s", BLOCK, other, BLOCK);
    each(text, "abcdefabc", 3, OT_OK);
    snprintf(text, sizeof(text), "%s%s%s", other, stop, BLOCK);
    each(text, "defstop", 2, OT_E_REFUSED);
}

static void of_several_none_is_seen_before_all_are_judged(void)
{
    each("", "", 0, OT_E_PROTOCOL);
    each(BLOCK "-----BEGIN PRIVATE KEY-----\n", "", 0, OT_E_PROTOCOL);
    each(BLOCK "-----BEGIN X509 CRL-----\nYWJj\n-----END X509 CRL-----\n", "", 0,
         OT_E_PROTOCOL);
    each(BLOCK BEGIN, "", 0, OT_E_PROTOCOL);
    each(BLOCK BEGIN "\n!\n" END, "abc", 1, OT_E_PROTOCOL);
}

int main(int argc, char **argv)
{
    static const struct unit_case cases[] = {
        {"a block of any length round-trips", a_block_of_any_length_round_trips},
        {"encoding is what OpenSSL writes", encoding_is_what_openssl_writes},
        {"line ends of every kind are allowed", line_ends_of_every_kind_are_allowed},
        {"fault_13_private_keys_come_first", fault_13_private_keys_come_first},
        {"fault_13_no_reason_quotes_the_content", fault_13_no_reason_quotes_the_content},
        {"fault_14_one_certificate_and_nothing_else",
         fault_14_one_certificate_and_nothing_else},
        {"fault_14_headers_inside_the_block_are_refused",
         fault_14_headers_inside_the_block_are_refused},
        {"fault_14_text_around_the_block_is_allowed",
         fault_14_text_around_the_block_is_allowed},
        {"fault_15_without_line_breaks", fault_15_without_line_breaks},
        {"base64 is decoded strictly", base64_is_decoded_strictly},
        {"markers must be whole and in pairs", markers_must_be_whole_and_in_pairs},
        {"several come in their order", several_come_in_their_order},
        {"of several none is seen before all are judged",
         of_several_none_is_seen_before_all_are_judged},
        {"too long a text is refused", too_long_a_text_is_refused},
        {NULL, NULL},
    };

    return unit_main("pem", cases, argc, argv);
}
