/* What orgtrust needs to know of a certificate, worked out once with OpenSSL. */
#ifndef OT_CERT_CERT_H
#define OT_CERT_CERT_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"

struct ot_record;

struct ot_cert;

/* DER to facts; every byte must belong to the certificate. What merely looks odd
 * (negative or huge serial, unknown critical extension, tiny key) is kept. OT_E_PROTOCOL
 * says what is wrong. Copies what it needs. Empties this thread's OpenSSL error queue.
 * Thread-safe. */
enum ot_status ot_cert_parse(struct ot_cert **out, const uint8_t *der, size_t len,
                             struct ot_error *err);
void ot_cert_free(struct ot_cert *cert);

/* Facts of what ot_rewrap has made of original, which is a CA and must outlive it: as
 * ot_cert_parse would find them, without reading again what has stayed; but SHA-384 and
 * SHA-512 may be zeros: people know it by its original's. */
enum ot_status ot_cert_of_rewrapped(struct ot_cert **out, const struct ot_cert *original,
                                    struct ot_span der, struct ot_error *err);

/* Fills what a record takes from the certificate itself, on which there are no limits:
 * DER, names, serial, key, digests, CA, SELF_SIGNED and NO_KEY_ID flags, validity, from
 * which places it is withheld and why. Leaves id, name, label, note, created_at and the
 * other flags alone. Spans point into cert. */
void ot_cert_fill(const struct ot_cert *cert, struct ot_record *record);

#endif
