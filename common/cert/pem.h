/* Certificates out of PEM, strictly. */
#ifndef OT_CERT_PEM_H
#define OT_CERT_PEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Exactly one CERTIFICATE block, with or without line breaks, text around it allowed; a
 * private key, a second certificate, any other block, PEM headers inside it or characters
 * outside base64 are OT_E_PROTOCOL with a reason that never quotes the content. The
 * caller frees *der with free(). */
enum ot_status ot_pem_decode(uint8_t **der, size_t *der_len, const char *pem, size_t len,
                             struct ot_error *err);

/* The same of a text that may hold several: calls seen for one after the other, and ends
 * with the first that is not OT_OK. The hosted API takes the first as the anchor. */
typedef enum ot_status ot_pem_seen(void *arg, const uint8_t *der, size_t len,
                                   struct ot_error *err);
enum ot_status ot_pem_each(const char *pem, size_t len, ot_pem_seen *seen, void *arg,
                           struct ot_error *err);

/* Whether any marker in the text, well-formed or not, speaks of a private key. */
bool ot_pem_has_private_key(const char *pem, size_t len);

/* DER as a PEM certificate with 64-character lines; terminated, the caller frees it. */
char *ot_pem_encode(const uint8_t *der, size_t len);

#endif
