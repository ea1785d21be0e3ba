#include "cert/der_writer_internal.h"

#include <string.h>

static void put_octet(struct ot_der_writer *writer, size_t octet)
{
    *--writer->at = (uint8_t)octet;
}

void ot_der_put(struct ot_der_writer *writer, struct ot_span bytes)
{
    if (bytes.len == 0)
        return;
    writer->at -= bytes.len;
    memcpy(writer->at, bytes.data, bytes.len);
}

void ot_der_wrap(struct ot_der_writer *writer, unsigned tag, const uint8_t *end)
{
    size_t len = (size_t)(end - writer->at), octets = 0;

    if (len < 0x80) {
        put_octet(writer, len);
    } else {
        for (size_t rest = len; rest > 0; rest >>= 8, octets++)
            put_octet(writer, rest & 0xff);
        put_octet(writer, 0x80 | octets);
    }
    put_octet(writer, tag);
}

void ot_der_put_value(struct ot_der_writer *writer, unsigned tag, struct ot_span content)
{
    const uint8_t *end = writer->at;

    ot_der_put(writer, content);
    ot_der_wrap(writer, tag, end);
}
