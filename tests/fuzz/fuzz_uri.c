/* Any text as a URI: what is accepted holds what uri.h promises. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/identifier.h"
#include "config/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ot_uri uri;
    struct ot_error err = OT_ERROR_INIT;
    char *text = malloc(size + 1);

    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (ot_uri_parse(&uri, text, &err) != OT_OK) {
        if (err.status != OT_E_USAGE ||
            !ot_text_is_utf8(err.message, strlen(err.message)))
            abort();
    } else if ((uri.source[0] != '\0' &&
                !ot_is_source_name(uri.source, strlen(uri.source))) ||
               (uri.id[0] != '\0' && !ot_is_cert_id(uri.id, strlen(uri.id))) ||
               strlen(uri.name) != uri.name_len || uri.has_name != (uri.name_len > 0) ||
               !ot_text_is_utf8(uri.name, uri.name_len)) {
        abort();
    }
    free(text);
    return 0;
}
