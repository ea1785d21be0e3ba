/* What takes OpenSSL to read of a certificate, or, where the certificate is plain, a look
 * at where it lies: that costs a fiftieth. tests/unit/cert_whole_test.c holds the one to
 * the other. */
#ifndef OT_CERT_READING_INTERNAL_H
#define OT_CERT_READING_INTERNAL_H

#include <stdbool.h>

#include "base/error.h"
#include "base/span.h"

struct ot_reading {
    struct ot_span key;                      /* contents of its BIT STRING */
    struct ot_span key_id, authority_key_id; /* absent: it has none */
    /* Of enum ot_purpose, those that its own extended key usage leaves out; none where it
     * has no such extension. */
    unsigned barred;
    bool is_ca;         /* or a self-signed one of version 1 */
    bool names_own_key; /* its key identifiers do not say that another issued it */
    bool is_sound;      /* OpenSSL can make out its extensions */
};

/* Of a certificate with which ot_fitness_check has found nothing wrong, so that OpenSSL
 * reads it. Spans point into der. False: it is of another version than 3, or has other
 * extensions than most authorities have, and out means nothing. */
bool ot_reading_plain(struct ot_reading *out, struct ot_span der);

/* Of any bytes. OT_E_PROTOCOL, with what OpenSSL says: they are no certificate, not
 * encoded in DER, or others follow. Spans point into *held, which the caller frees. Uses
 * this thread's OpenSSL error queue, and may leave something there. */
enum ot_status ot_reading_by_openssl(struct ot_reading *out, uint8_t **held,
                                     struct ot_span der, struct ot_error *err);

#endif
