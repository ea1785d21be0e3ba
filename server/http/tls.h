/* The certificate and key that the server shows. */
#ifndef OT_SERVER_HTTP_TLS_H
#define OT_SERVER_HTTP_TLS_H

#include <stdint.h>

#include "base/error.h"

struct ot_tls {
    char *cert, *key; /* PEM; NULL: no TLS */
    int64_t ends_at;  /* of the certificate, Unix seconds */
};

/* Reads both files and checks that they are a certificate (the chain may follow it) and
 * its unencrypted private key. OT_E_CONFIG names the file and what to do. */
enum ot_status ot_tls_load(struct ot_tls *tls, const char *cert_path,
                           const char *key_path, struct ot_error *err);
void ot_tls_clear(struct ot_tls *tls); /* wipes the key */

#endif
