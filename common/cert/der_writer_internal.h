/* DER written from its end to its beginning, so that each length is known by the time it
 * is written. */
#ifndef OT_CERT_DER_WRITER_INTERNAL_H
#define OT_CERT_DER_WRITER_INTERNAL_H

#include <stdint.h>

#include "base/span.h"

/* The most that a tag and a length take. */
#define OT_DER_HEADER_MAX 6

/* The caller's buffer has room for all that is put into it. */
struct ot_der_writer {
    uint8_t *at; /* the first octet that is written */
};

void ot_der_put(struct ot_der_writer *writer, struct ot_span bytes);

/* One value. */
void ot_der_put_value(struct ot_der_writer *writer, unsigned tag, struct ot_span content);

/* Tag and length in front of what was put since writer->at was end. */
void ot_der_wrap(struct ot_der_writer *writer, unsigned tag, const uint8_t *end);

#endif
