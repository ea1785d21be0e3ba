/* A throw-away authority and a server's certificate below it, in memory alone: no file
 * ever holds one of the keys. */
#ifndef OT_CLI_DOCTOR_AUTHORITY_INTERNAL_H
#define OT_CLI_DOCTOR_AUTHORITY_INTERNAL_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/error.h"

struct ot_authority {
    X509 *root;         /* vouches for the server */
    char root_name[64]; /* its common name */
    X509 *bystander;    /* vouches for nobody: what else an organization has */
    X509 *leaf;         /* for localhost and 127.0.0.1 */
    EVP_PKEY *leaf_key;
    X509_CRL *crl; /* root's, of nothing: something for a client to read */
};

/* Valid from yesterday to tomorrow. ot_authority_clear after success and failure. */
enum ot_status ot_authority_make(struct ot_authority *authority, struct ot_error *err);
void ot_authority_clear(struct ot_authority *authority);

#endif
