/* Files of any bytes: no crash; all of a file or nothing; nothing where a private key is
 * spoken of; and what is to be sent is the certificate that was read, each once. */
#include <stdlib.h>
#include <string.h>

#include "cert/pem.h"
#include "change/cert_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_item(const struct ot_cert_inputs *inputs, size_t i)
{
    const struct ot_cert_input *item = &inputs->items[i];
    uint8_t digest[OT_SHA256_LEN];

    if (item->number != i + 1 || item->of != inputs->count ||
        ot_cert_input_digest(digest, item->pem, NULL) != OT_OK ||
        memcmp(digest, item->sha256, OT_SHA256_LEN) != 0 ||
        ot_cert_inputs_find(inputs, digest) != item)
        abort();
}

static void add_input(const uint8_t *data, size_t size, bool extracts)
{
    struct ot_cert_inputs inputs = {.extracts = extracts};
    struct ot_error err = OT_ERROR_INIT;
    enum ot_status status = ot_cert_inputs_add(&inputs, "file", data, size, &err);

    if ((status == OT_OK) != (inputs.count > 0) || err.status != status)
        abort();
    if (status == OT_OK && ot_pem_has_private_key((const char *)data, size))
        abort();
    for (size_t i = 0; i < inputs.count; i++)
        check_item(&inputs, i);
    ot_cert_inputs_clear(&inputs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    add_input(data, size, false);
    add_input(data, size, true);
    return 0;
}
