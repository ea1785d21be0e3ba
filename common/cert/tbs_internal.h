/* A certificate taken apart where it lies (RFC 5280 §4.1), as strictly as DER is. */
#ifndef OT_CERT_TBS_INTERNAL_H
#define OT_CERT_TBS_INTERNAL_H

#include "cert/der_internal.h"

#define OT_TBS_VERSION_1 0
#define OT_TBS_VERSION_3 2

/* The parts of TBSCertificate and what is around it: contents, but where "whole" is
 * said. */
struct ot_tbs {
    struct ot_span version;               /* INTEGER; absent: version 1 */
    struct ot_span serial;                /* INTEGER */
    struct ot_span inner, outer;          /* AlgorithmIdentifier */
    struct ot_span issuer, subject;       /* Name */
    struct ot_der_value from, to;         /* Time */
    struct ot_span key;                   /* SubjectPublicKeyInfo */
    struct ot_span issuer_id, subject_id; /* absent: none */
    struct ot_span extensions;            /* of [3]; absent: none */

    /* Whole values as they stand beside each other. */
    struct ot_span serial_to_validity, validity_to_extensions, behind;
};

/* Spans point into der. */
bool ot_tbs_split(struct ot_tbs *out, struct ot_span der);

bool ot_tbs_is_version_3(const struct ot_tbs *tbs);

/* An Extension (§4.1.2.9): contents of its OID and of the OCTET STRING, all of it. */
struct ot_extension {
    struct ot_span type, value, whole;
    bool is_critical;
};

/* The next of a list, which is the contents of Extensions. */
bool ot_extension_take(struct ot_span *list, struct ot_extension *out);

#endif
