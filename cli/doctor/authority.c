#include "base/error.h"
#include "doctor/authority_internal.h"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>

#define DAY_S 86400

static bool add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *extension;
    bool good;

    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    good = extension != NULL && X509_add_ext(cert, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return good;
}

static bool add_extensions(X509 *cert, X509 *issuer)
{
    bool is_ca = cert == issuer;

    if (!add_extension(cert, issuer, NID_subject_key_identifier, "hash"))
        return false;
    if (is_ca)
        return add_extension(cert, issuer, NID_basic_constraints, "critical,CA:TRUE") &&
               add_extension(cert, issuer, NID_key_usage, "critical,keyCertSign,cRLSign");
    return add_extension(cert, issuer, NID_authority_key_identifier, "keyid") &&
           add_extension(cert, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(cert, issuer, NID_key_usage, "critical,digitalSignature") &&
           add_extension(cert, issuer, NID_ext_key_usage, "serverAuth") &&
           add_extension(cert, issuer, NID_subject_alt_name,
                         "DNS:localhost,IP:127.0.0.1");
}

/* Positive, 16 bytes, of which the first is not zero. */
static bool set_random_serial(X509 *cert)
{
    unsigned char bytes[16];
    BIGNUM *number;
    bool good;

    if (RAND_bytes(bytes, sizeof(bytes)) != 1)
        return false;
    bytes[0] = (bytes[0] & 0x3f) | 0x40;
    number = BN_bin2bn(bytes, sizeof(bytes), NULL);
    good =
        number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)) != NULL;
    BN_free(number);
    return good;
}

/* By a name of its own: since OpenSSL 4 a certificate's cannot be written in place. */
static bool set_subject(X509 *cert, const char *common_name)
{
    X509_NAME *subject = X509_NAME_new();
    bool good =
        subject != NULL &&
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                   (const unsigned char *)common_name, -1, -1, 0) == 1 &&
        X509_set_subject_name(cert, subject) == 1;

    X509_NAME_free(subject);
    return good;
}

static bool fill_certificate(X509 *cert, X509 *issuer, const char *name, EVP_PKEY *key)
{
    return X509_set_version(cert, 2) == 1 && set_random_serial(cert) &&
           X509_gmtime_adj(X509_getm_notBefore(cert), -DAY_S) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(cert), DAY_S) != NULL &&
           set_subject(cert, name) &&
           X509_set_issuer_name(cert, X509_get_subject_name(issuer)) == 1 &&
           X509_set_pubkey(cert, key) == 1 && add_extensions(cert, issuer);
}

/* issuer NULL: by itself. NULL: OpenSSL failed. */
static X509 *make_certificate(const char *name, EVP_PKEY *key, X509 *issuer,
                              EVP_PKEY *issuer_key)
{
    X509 *cert = X509_new();

    if (cert != NULL &&
        fill_certificate(cert, issuer != NULL ? issuer : cert, name, key) &&
        X509_sign(cert, issuer != NULL ? issuer_key : key, EVP_sha256()) > 0)
        return cert;
    X509_free(cert);
    return NULL;
}

/* A name of its own: nothing on the machine may know this authority already. */
static X509 *make_root(const char *what, EVP_PKEY *key, char *name, size_t size)
{
    unsigned char number[4];

    if (RAND_bytes(number, sizeof(number)) != 1)
        return NULL;
    snprintf(name, size, "orgtrust doctor %s %02x%02x%02x%02x", what, number[0],
             number[1], number[2], number[3]);
    return make_certificate(name, key, NULL, NULL);
}

static X509_CRL *make_empty_crl(const X509 *issuer, EVP_PKEY *key)
{
    ASN1_TIME *now = X509_gmtime_adj(NULL, 0), *later = X509_gmtime_adj(NULL, DAY_S);
    X509_CRL *crl = X509_CRL_new();
    bool good;

    good = crl != NULL && now != NULL && later != NULL &&
           X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer)) == 1 &&
           X509_CRL_set1_lastUpdate(crl, now) == 1 &&
           X509_CRL_set1_nextUpdate(crl, later) == 1 &&
           X509_CRL_sign(crl, key, EVP_sha256()) > 0;
    ASN1_TIME_free(now);
    ASN1_TIME_free(later);
    if (good)
        return crl;
    X509_CRL_free(crl);
    return NULL;
}

enum ot_status ot_authority_make(struct ot_authority *authority, struct ot_error *err)
{
    EVP_PKEY *root_key = EVP_EC_gen("P-256"), *bystander_key = EVP_EC_gen("P-256");
    char other[sizeof(authority->root_name)];
    bool good;

    *authority = (struct ot_authority){.leaf_key = EVP_EC_gen("P-256")};
    good = root_key != NULL && bystander_key != NULL && authority->leaf_key != NULL;
    if (good) {
        authority->root = make_root("authority", root_key, authority->root_name,
                                    sizeof(authority->root_name));
        authority->bystander =
            make_root("bystander", bystander_key, other, sizeof(other));
    }
    if (authority->root != NULL) {
        authority->leaf =
            make_certificate("localhost", authority->leaf_key, authority->root, root_key);
        authority->crl = make_empty_crl(authority->root, root_key);
    }
    EVP_PKEY_free(root_key);
    EVP_PKEY_free(bystander_key);
    if (authority->leaf != NULL && authority->crl != NULL && authority->bystander != NULL)
        return OT_OK;
    ERR_clear_error();
    return ot_error_set(err, OT_E_INTERNAL,
                        "OpenSSL cannot make a throw-away authority here");
}

void ot_authority_clear(struct ot_authority *authority)
{
    X509_free(authority->root);
    X509_free(authority->bystander);
    X509_free(authority->leaf);
    X509_CRL_free(authority->crl);
    EVP_PKEY_free(authority->leaf_key);
    *authority = (struct ot_authority){.root = NULL};
}
