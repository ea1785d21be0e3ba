#include "tls_files.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#define DAY (24L * 3600)

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509_EXTENSION *extension;
    X509V3_CTX context;

    X509V3_set_ctx(&context, issuer, cert, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    must(extension != NULL && X509_add_ext(cert, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

static X509 *make(EVP_PKEY *key, const char *name, long from, long until)
{
    X509 *cert = X509_new();
    X509_NAME *subject = X509_NAME_new();

    must(cert != NULL && subject != NULL);
    must(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                    (const unsigned char *)name, -1, -1, 0) == 1);
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), from);
    X509_gmtime_adj(X509_getm_notAfter(cert), until);
    X509_set_subject_name(cert, subject);
    X509_set_pubkey(cert, key);
    X509_NAME_free(subject);
    return cert;
}

static void write_cert(const char *path, X509 *cert)
{
    FILE *file = fopen(path, "we");

    must(file != NULL && PEM_write_X509(file, cert) == 1 && fclose(file) == 0);
}

static void write_key(const char *path, EVP_PKEY *key)
{
    FILE *file = fopen(path, "we");

    must(file != NULL &&
         PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1 &&
         fclose(file) == 0);
}

void tls_files_make(const char *ca_file, const char *cert_file, const char *key_file,
                    const char *alt_name, bool expired)
{
    EVP_PKEY *ca_key = EVP_EC_gen("P-256"), *key = EVP_EC_gen("P-256");
    X509 *ca, *cert;
    static int made;
    char name[64];

    must(ca_key != NULL && key != NULL);
    /* A name of its own: two CAs of one name would be told apart by the signature only.
     */
    snprintf(name, sizeof(name), "orgtrust test CA %d", ++made);
    ca = make(ca_key, name, -10 * DAY, 10 * DAY);
    X509_set_issuer_name(ca, X509_get_subject_name(ca));
    extend(ca, ca, NID_basic_constraints, "critical,CA:TRUE");
    extend(ca, ca, NID_subject_key_identifier, "hash");
    must(X509_sign(ca, ca_key, EVP_sha256()) > 0);
    cert = make(key, "orgtrust test peer", -2 * DAY, expired ? -DAY : DAY);
    X509_set_issuer_name(cert, X509_get_subject_name(ca));
    extend(cert, ca, NID_subject_alt_name, alt_name);
    must(X509_sign(cert, ca_key, EVP_sha256()) > 0);
    write_cert(ca_file, ca);
    write_cert(cert_file, cert);
    write_key(key_file, key);
    X509_free(ca);
    X509_free(cert);
    EVP_PKEY_free(ca_key);
    EVP_PKEY_free(key);
}
