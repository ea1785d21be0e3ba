/* DER of any bytes: no crash, and what is taken for a certificate gives a record that can
 * be written and read back, whose parts lie inside the DER. */
#include <stdlib.h>
#include <string.h>

#include "base/span.h"
#include "base/text.h"
#include "cert/cert.h"
#include "snapshot/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int ok)
{
    if (!ok)
        abort();
}

static int is_inside(struct ot_span part, struct ot_span whole)
{
    return part.data >= whole.data && part.len <= whole.len &&
           (size_t)(part.data - whole.data) <= whole.len - part.len;
}

static void check(const struct ot_cert *cert, const uint8_t *data, size_t size)
{
    static const enum ot_field parts[] = {OT_FIELD_SUBJECT, OT_FIELD_ISSUER,
                                          OT_FIELD_SERIAL, OT_FIELD_SPKI};
    struct ot_record record = {0}, again;
    uint8_t *bytes;
    size_t len;

    ot_cert_fill(cert, &record);
    must(ot_span_equal(record.field[OT_FIELD_DER], ot_span_of(data, size)));
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        must(is_inside(record.field[parts[i]], record.field[OT_FIELD_DER]));
    must(record.field[OT_FIELD_KEY_ID].len > 0);
    record.field[OT_FIELD_ID] = ot_span_str("cert_fuzz");
    record.field[OT_FIELD_LABEL] = ot_span_str("fuzz");
    len = ot_record_encoded_len(&record);
    bytes = malloc(len);
    must(bytes != NULL);
    ot_record_encode(&record, bytes);
    must(ot_record_decode(&again, bytes, len, NULL) == OT_OK);
    must(again.valid_at == record.valid_at && again.flags == record.flags);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_cert *cert = NULL;
    enum ot_status status = ot_cert_parse(&cert, data, size, &err);

    must((status == OT_OK) == (cert != NULL) && err.status == status);
    if (cert != NULL)
        check(cert, data, size);
    ot_cert_free(cert);
    return 0;
}
