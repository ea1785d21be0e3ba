/* Distinguished names as X509_NAME_cmp compares them, without libcrypto.
 *
 * The canonical form is the one of OpenSSL's x509_name_canon: each attribute value of a
 * string type becomes UTF-8, ASCII letters lower case, white space at the ends dropped
 * and inside folded to one space; other types stay as they are; the values of one RDN are
 * in DER order. Two names are equal exactly when their canonical forms are equal bytes.
 */
#ifndef OT_SNAPSHOT_NAME_H
#define OT_SNAPSHOT_NAME_H

#include <stddef.h>
#include <stdint.h>

/* The canonical form of a DER Name (RFC 5280 §4.1.2.4), in memory that the caller frees
 * with free(); an empty name gives a valid pointer and *out_len 0. NULL: not a DER Name,
 * a value that OpenSSL would not decode either, or out of memory. Thread-safe. */
uint8_t *ot_name_canon(const uint8_t *der, size_t len, size_t *out_len);

#endif
