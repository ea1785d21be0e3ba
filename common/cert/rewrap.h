/* A certificate re-wrapped with limits on it: the same subject, key and key identifier,
 * critical name constraints and a shorter life, and the signature as it was, which nobody
 * verifies of a trust anchor.
 *
 * Who holds a trust anchor to its name constraints (OpenSSL, GnuTLS, NSS, Chromium, Go)
 * believes it for these names alone; Java does not hold one to anything. */
#ifndef OT_CERT_REWRAP_H
#define OT_CERT_REWRAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"
#include "config/name_limits.h"

struct ot_source;

struct ot_limits {
    struct ot_name_limits names; /* none: names are not limited */
    int64_t not_after;           /* Unix seconds; 0: its life is not limited */
    uint8_t *constraints;        /* for one that has none itself; NULL: not made yet */
    size_t constraints_len;
};

/* Those of a source. ot_limits_clear is safe after a failure. */
enum ot_status ot_limits_init(struct ot_limits *limits, const struct ot_source *source,
                              struct ot_error *err);
void ot_limits_clear(struct ot_limits *limits);

/* Re-wraps a CA's certificate that ot_cert_parse has taken, into bytes that the caller
 * frees. OT_E_PROTOCOL: it cannot be done, and the sentence says why.
 *
 * What it constrains itself already is kept: what is permitted is what both permit, and
 * what either excludes is excluded. Of each of DNS names, addresses and mail, nothing is
 * permitted where the limits name none; other kinds of names stay as they are.
 *
 * Its serial number is another, derived from the certificate and the limits: NSS refuses
 * two certificates of one issuer and number, and a server may send the original along.
 * One that names itself by its number (RFC 5280 §4.2.1.1) keeps it: what it has signed
 * then names it so, too, and OpenSSL would not find it under another. */
enum ot_status ot_rewrap(uint8_t **out, size_t *len, struct ot_span der,
                         const struct ot_limits *limits, struct ot_error *err);

#endif
