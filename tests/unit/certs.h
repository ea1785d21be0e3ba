/* Certificates for tests, made with OpenSSL as they are needed. What cannot be made
 * aborts the test program. */
#ifndef OT_TESTS_CERTS_H
#define OT_TESTS_CERTS_H

#include <openssl/x509v3.h>
#include <stddef.h>
#include <stdint.h>

/* The key (P-256) that signs everything here; one per process. */
EVP_PKEY *certs_key(void);

/* An unsigned version 3 CA whose subject and issuer are CN=cn, with serial, one year of
 * validity and a subject key identifier, for the test to change. */
X509 *certs_new(const char *cn, long serial);
void certs_add_ext(X509 *x509, int nid, const char *value);
void certs_set_validity(X509 *x509, const char *from, const char *to); /* as ASN1_TIME */

/* Adds an organizationName to the issuer: as if another CA had issued it. */
void certs_add_issuer_organization(X509 *x509, const char *organization);

/* Signs with certs_key, frees x509; the caller frees the DER with free(). */
uint8_t *certs_finish(X509 *x509, size_t *len);
uint8_t *certs_der(const char *cn, long serial, size_t *len);

/* The same as PEM, terminated; the caller frees it. */
char *certs_pem(const char *cn, long serial);

/* What was written to a memory BIO, terminated; frees the BIO, the caller the text. */
char *certs_take_text(BIO *bio);

#endif
