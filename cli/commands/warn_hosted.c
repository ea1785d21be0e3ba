#include "commands/warn_hosted_internal.h"

#include <string.h>
#include <time.h>

#include "cert/pem.h"
#include "cert/upload_rules.h"
#include "change/cert_input.h"
#include "config/source.h"
#include "view/output.h"

/* The API takes the first of several as the anchor, but reads them all. */
static enum ot_status check_block(void *arg, const uint8_t *der, size_t len,
                                  struct ot_error *err)
{
    const size_t *text_len = arg;
    const char *code;

    return ot_upload_rules_check(der, len, *text_len, time(NULL), &code, err);
}

void ot_warn_hosted(const struct ot_source *source, const struct ot_cert_inputs *inputs)
{
    if (!ot_source_is_hosted(source))
        return;
    for (size_t i = 0; i < inputs->count; i++) {
        const struct ot_cert_input *input = &inputs->items[i];
        struct ot_error err = OT_ERROR_INIT;
        size_t len = strlen(input->pem);

        if (ot_pem_each(input->pem, len, check_block, &len, &err) != OT_OK)
            ot_output_warn("the hosted API is known to refuse %s: %s", input->file,
                           err.message);
    }
}
