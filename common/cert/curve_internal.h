/* Elliptic curves: to make one costs OpenSSL more than all the rest of reading a
 * certificate, so those that most keys are on are made once. */
#ifndef OT_CERT_CURVE_INTERNAL_H
#define OT_CERT_CURVE_INTERNAL_H

#include "base/span.h"

enum ot_curve_verdict {
    OT_CURVE_UNKNOWN, /* OpenSSL does not know it, or has no memory */
    OT_CURVE_NO_POINT,
    OT_CURVE_POINT
};

/* Whether a point (SEC 1 §2.3.3), not that at infinity, is on the curve of an OID, which
 * is given with its tag and length. Thread-safe. May leave errors on OpenSSL's queue. */
enum ot_curve_verdict ot_curve_check(struct ot_span oid, struct ot_span point);

#endif
