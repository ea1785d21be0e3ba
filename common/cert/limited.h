/* A certificate under the limits of its source: what of it is handed out, and to whom. */
#ifndef OT_CERT_LIMITED_H
#define OT_CERT_LIMITED_H

#include "base/error.h"

struct ot_cert;
struct ot_limits;
struct ot_record;

struct ot_limited;

/* original must outlive it. One on which the limits cannot be put is withheld from all;
 * this fails only when memory or OpenSSL does. Thread-safe. */
enum ot_status ot_limited_new(struct ot_limited **out, const struct ot_cert *original,
                              const struct ot_limits *limits, struct ot_error *err);
void ot_limited_free(struct ot_limited *limited); /* NULL is fine */

/* As ot_cert_fill, of the certificate with limits on it; the original and its digests
 * have fields of their own. Where it is withheld from all, the record holds the original
 * alone. Spans point into limited and the original. */
void ot_limited_fill(const struct ot_limited *limited, struct ot_record *record);

#endif
