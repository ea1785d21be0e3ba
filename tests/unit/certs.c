#include "certs.h"

#include <openssl/pem.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static EVP_PKEY *key;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;

static void must(int ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "certs: cannot make a test certificate: %s\n", what);
    abort();
}

static void free_key(void)
{
    EVP_PKEY_free(key);
}

static void make_key(void)
{
    key = EVP_EC_gen("P-256");
    must(key != NULL, "EVP_EC_gen");
    atexit(free_key);
}

EVP_PKEY *certs_key(void)
{
    pthread_once(&key_once, make_key);
    return key;
}

void certs_add_ext(X509 *x509, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *ext;

    X509V3_set_ctx(&ctx, x509, x509, NULL, NULL, 0);
    ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    must(ext != NULL && X509_add_ext(x509, ext, -1) == 1, value);
    X509_EXTENSION_free(ext);
}

void certs_set_validity(X509 *x509, const char *from, const char *to)
{
    must(ASN1_TIME_set_string_X509(X509_getm_notBefore(x509), from) == 1, from);
    must(ASN1_TIME_set_string_X509(X509_getm_notAfter(x509), to) == 1, to);
}

void certs_add_issuer_organization(X509 *x509, const char *organization)
{
    X509_NAME *issuer = X509_NAME_dup(X509_get_issuer_name(x509));

    must(issuer != NULL &&
             X509_NAME_add_entry_by_NID(issuer, NID_organizationName, MBSTRING_ASC,
                                        (const unsigned char *)organization, -1, -1,
                                        0) == 1 &&
             X509_set_issuer_name(x509, issuer) == 1,
         organization);
    X509_NAME_free(issuer);
}

/* One time for all certificates of a process: their order must not depend on whether a
 * second ended between two of them. */
static time_t made_at;
static pthread_once_t made_once = PTHREAD_ONCE_INIT;

static void set_made_at(void)
{
    made_at = time(NULL);
}

X509 *certs_new(const char *cn, long serial)
{
    X509 *x509 = X509_new();
    X509_NAME *name = X509_NAME_new();

    pthread_once(&made_once, set_made_at);
    must(x509 != NULL && name != NULL, "X509_new");
    must(X509_set_version(x509, X509_VERSION_3) == 1, "version");
    must(ASN1_INTEGER_set(X509_get_serialNumber(x509), serial) == 1, "serial");
    must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)cn,
                                    -1, -1, 0) == 1,
         cn);
    must(X509_set_subject_name(x509, name) == 1, "subject");
    must(X509_set_issuer_name(x509, name) == 1, "issuer");
    X509_NAME_free(name);
    must(X509_time_adj(X509_getm_notBefore(x509), -3600, &made_at) != NULL, "notBefore");
    must(X509_time_adj(X509_getm_notAfter(x509), 365L * 86400, &made_at) != NULL,
         "notAfter");
    must(X509_set_pubkey(x509, certs_key()) == 1, "key");
    certs_add_ext(x509, NID_basic_constraints, "critical,CA:TRUE");
    certs_add_ext(x509, NID_subject_key_identifier, "hash");
    return x509;
}

uint8_t *certs_finish(X509 *x509, size_t *len)
{
    unsigned char *der = NULL;
    uint8_t *copy;
    int n;

    must(X509_sign(x509, certs_key(), EVP_sha256()) > 0, "X509_sign");
    n = i2d_X509(x509, &der);
    must(n > 0, "i2d_X509");
    copy = malloc((size_t)n);
    must(copy != NULL, "memory");
    memcpy(copy, der, (size_t)n);
    OPENSSL_free(der);
    X509_free(x509);
    *len = (size_t)n;
    return copy;
}

uint8_t *certs_der(const char *cn, long serial, size_t *len)
{
    return certs_finish(certs_new(cn, serial), len);
}

char *certs_take_text(BIO *bio)
{
    char *text, *copy;
    long n = BIO_get_mem_data(bio, &text);

    copy = calloc(1, (size_t)n + 1); /* the buffer of a BIO is not terminated */
    must(copy != NULL, "memory");
    memcpy(copy, text, (size_t)n);
    BIO_free(bio);
    return copy;
}

char *certs_pem(const char *cn, long serial)
{
    X509 *x509 = certs_new(cn, serial);
    BIO *bio = BIO_new(BIO_s_mem());

    must(bio != NULL && X509_sign(x509, certs_key(), EVP_sha256()) > 0 &&
             PEM_write_bio_X509(bio, x509) == 1,
         "PEM");
    X509_free(x509);
    return certs_take_text(bio);
}
