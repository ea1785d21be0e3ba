/* The parts of a certificate that a person reads and a snapshot does not keep as text. */
#ifndef OT_CERT_CERT_TEXT_H
#define OT_CERT_CERT_TEXT_H

#include "snapshot/record.h"

struct ot_cert_text {
    char *subject, *issuer; /* "CN=Example Root, O=Example", control characters escaped */
    char *serial;           /* "1A:2B", with a minus sign where negative */
    char *key;              /* "RSA 2048 bits", "EC prime256v1", "ED25519 256 bits" */
    char *pem;
    /* What its name constraints permit of DNS names, addresses and mail, and what of that
     * they exclude, in the configuration's words; "" is nothing. */
    char *permitted, *excluded;
};

/* Reads it out of DER with OpenSSL. ot_cert_text_clear after success and failure. */
enum ot_status ot_cert_text_make(struct ot_cert_text *text, struct ot_span der,
                                 struct ot_error *err);
void ot_cert_text_clear(struct ot_cert_text *text);

#endif
