/* Certificates out of files: what is taken, what is refused. */
#include "change/cert_input.h"

#include <openssl/pem.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "cert/pem.h"
#include "certs.h"
#include "files.h"
#include "unit.h"

static enum ot_status add(struct ot_cert_inputs *inputs, const char *text,
                          struct ot_error *err)
{
    return ot_cert_inputs_add(inputs, "file", text, strlen(text), err);
}

static char *joined(const char *a, const char *b, const char *c)
{
    char *text;

    if (asprintf(&text, "%s%s%s", a, b, c) < 0)
        abort();
    return text;
}

static void pem_and_der_are_the_same_certificate(void)
{
    struct ot_cert_inputs inputs = {0};
    uint8_t expected[OT_SHA256_LEN], digest[OT_SHA256_LEN];
    struct ot_error err = OT_ERROR_INIT;
    size_t len;
    uint8_t *der = certs_der("one", 1, &len);
    char *pem = ot_pem_encode(der, len);

    SHA256(der, len, expected);
    CU_ASSERT_EQUAL(ot_cert_inputs_add(&inputs, "f", der, len, &err), OT_OK);
    CU_ASSERT_EQUAL_FATAL(inputs.count, 1);
    CU_ASSERT_EQUAL(memcmp(inputs.items[0].sha256, expected, OT_SHA256_LEN), 0);
    CU_ASSERT_STRING_EQUAL(inputs.items[0].pem, pem);
    CU_ASSERT_EQUAL(add(&inputs, pem, &err), OT_OK);
    CU_ASSERT_EQUAL(inputs.count, 1); /* once */
    CU_ASSERT_PTR_EQUAL(ot_cert_inputs_find(&inputs, expected), &inputs.items[0]);
    CU_ASSERT_EQUAL(ot_cert_input_digest(digest, pem, &err), OT_OK);
    CU_ASSERT_EQUAL(memcmp(digest, expected, OT_SHA256_LEN), 0);
    expected[0] ^= 1;
    CU_ASSERT_PTR_NULL(ot_cert_inputs_find(&inputs, expected));
    CU_ASSERT_EQUAL(ot_cert_input_digest(digest, "no", &err), OT_E_PROTOCOL);
    ot_cert_inputs_clear(&inputs);
    free(der);
    free(pem);
}

static void a_bundle_is_numbered_and_its_text_left_out(void)
{
    char *one = certs_pem("one", 1), *two = certs_pem("two", 2);
    char *text = joined(" secret 1\r\n", one, "secret 2\n");
    char *all = joined(text, two, "\nsecret 3");
    struct ot_cert_inputs inputs = {0};
    struct ot_error err = OT_ERROR_INIT;

    CU_ASSERT_EQUAL(add(&inputs, all, &err), OT_OK);
    CU_ASSERT_EQUAL_FATAL(inputs.count, 2);
    for (unsigned i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL(inputs.items[i].number, i + 1);
        CU_ASSERT_EQUAL(inputs.items[i].of, 2);
        CU_ASSERT_PTR_NULL(strstr(inputs.items[i].pem, "secret"));
    }
    CU_ASSERT_STRING_EQUAL(inputs.items[0].pem, one);
    CU_ASSERT_STRING_EQUAL(inputs.items[1].pem, two);
    ot_cert_inputs_clear(&inputs);
    free(one);
    free(two);
    free(text);
    free(all);
}

static char *key_pem(const EVP_CIPHER *cipher)
{
    BIO *bio = BIO_new(BIO_s_mem());

    if (PEM_write_bio_PKCS8PrivateKey(bio, certs_key(), cipher, "x", 1, NULL, NULL) != 1)
        abort();
    return certs_take_text(bio);
}

static void refused(const char *text, const char *why)
{
    char *kept = certs_pem("kept", 9);
    struct ot_cert_inputs inputs = {0};
    struct ot_error err = OT_ERROR_INIT;

    CU_ASSERT_EQUAL(add(&inputs, kept, &err), OT_OK);
    CU_ASSERT_EQUAL(add(&inputs, text, &err), OT_E_USAGE);
    if (strstr(err.message, why) == NULL)
        fprintf(stderr, "\n    \"%s\", not \"%s\"\n", err.message, why);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, why));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "nothing was sent"));
    CU_ASSERT_PTR_NULL(strstr(err.message, "entry")); /* words for what the API has */
    CU_ASSERT_EQUAL(inputs.count, 1); /* the file before stays, of this one nothing */
    ot_cert_inputs_clear(&inputs);
    free(kept);
}

static void fault_55_whatever_is_no_certificate_is_refused(void)
{
    char *cert = certs_pem("one", 1);
    char *key = key_pem(NULL), *encrypted = key_pem(EVP_aes_128_cbc());
    char *behind = joined(cert, key, ""), *before = joined(encrypted, cert, "");
    char *second =
        joined(cert, "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", cert);
    char *cut = joined(cert, "-----BEGIN CERTIFICATE-----\nAAAA\n", "");

    refused(key, "private key");
    refused(encrypted, "private key");
    refused(behind, "private key");
    refused(before, "private key");
    refused(second, "block 2");
    refused(cut, "block 2");
    refused("", "empty");
    refused("hello", "neither PEM nor");
    free(cert);
    free(key);
    free(encrypted);
    free(behind);
    free(before);
    free(second);
    free(cut);
}

static void fault_55_a_key_in_der_is_called_one(void)
{
    struct ot_cert_inputs inputs = {0};
    struct ot_error err = OT_ERROR_INIT;
    uint8_t *der = NULL;
    int len = i2d_PrivateKey(certs_key(), &der);

    CU_ASSERT_EQUAL(ot_cert_inputs_add(&inputs, "f", der, (size_t)len, &err), OT_E_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "private key"));
    OPENSSL_free(der);
    ot_cert_inputs_clear(&inputs);
}

static void a_directory_is_read_by_name(void)
{
    char *one = certs_pem("one", 1), *two = certs_pem("two", 2);
    struct ot_cert_inputs inputs = {0};
    struct ot_error err = OT_ERROR_INIT;

    mkdir(unit_path("dir"), 0700);
    file_put_text(unit_path("dir/b.pem"), one);
    file_put_text(unit_path("dir/a"), two);
    file_put_text(unit_path("dir/.hidden"), "not looked at");
    CU_ASSERT_EQUAL(ot_cert_inputs_add_dir(&inputs, unit_path("dir"), &err), OT_OK);
    CU_ASSERT_EQUAL_FATAL(inputs.count, 2);
    CU_ASSERT_STRING_EQUAL(inputs.items[0].pem, two);
    CU_ASSERT_STRING_EQUAL(inputs.items[1].pem, one);
    ot_cert_inputs_clear(&inputs);
    mkdir(unit_path("dir/sub"), 0700);
    CU_ASSERT_EQUAL(ot_cert_inputs_add_dir(&inputs, unit_path("dir"), &err), OT_E_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "dir/sub"));
    ot_cert_inputs_clear(&inputs);
    CU_ASSERT_EQUAL(ot_cert_inputs_add_dir(&inputs, unit_path("none"), &err),
                    OT_E_NOT_FOUND);
    free(one);
    free(two);
}

static void a_file_has_a_limit(void)
{
    struct ot_cert_inputs inputs = {0};
    struct ot_error err = OT_ERROR_INIT;

    file_put_text(unit_path("large"), "");
    CU_ASSERT_EQUAL(truncate(unit_path("large"), (off_t)OT_BUNDLE_BYTES_MAX + 1), 0);
    CU_ASSERT_EQUAL(ot_cert_inputs_add_file(&inputs, unit_path("large"), &err),
                    OT_E_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "large"));
    CU_ASSERT_EQUAL(ot_cert_inputs_add_file(&inputs, unit_path("absent"), &err),
                    OT_E_NOT_FOUND);
    CU_ASSERT_EQUAL(inputs.count, 0);
}

static const struct unit_case cases[] = {
    {"pem_and_der_are_the_same_certificate", pem_and_der_are_the_same_certificate},
    {"a_bundle_is_numbered_and_its_text_left_out",
     a_bundle_is_numbered_and_its_text_left_out},
    {"fault_55_whatever_is_no_certificate_is_refused",
     fault_55_whatever_is_no_certificate_is_refused},
    {"fault_55_a_key_in_der_is_called_one", fault_55_a_key_in_der_is_called_one},
    {"a_directory_is_read_by_name", a_directory_is_read_by_name},
    {"a_file_has_a_limit", a_file_has_a_limit},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return unit_main("cert_input", cases, argc, argv);
}
