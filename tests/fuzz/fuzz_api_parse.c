/* Answers of any kind through every parser of the API: what comes out holds no bad id,
 * no long name, and nothing at all after a failure. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/api_cert.h"
#include "api/api_parse_internal.h"
#include "base/limits.h"
#include "base/text.h"
#include "config/identifier.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_cert(const struct ot_api_cert *cert)
{
    if (!ot_is_cert_id(cert->id, strlen(cert->id)))
        abort();
    if (cert->name != NULL && (strlen(cert->name) > OT_NAME_MAX ||
                               !ot_text_is_utf8(cert->name, strlen(cert->name))))
        abort();
}

/* Of one certificate nobody says whether it is active. */
static void check_page(enum ot_status status, struct ot_api_page *page, bool is_of_scope)
{
    if (status != OT_OK && (page->certs != NULL || page->count != 0))
        abort();
    if (page->last_id[0] != '\0' && !ot_is_cert_id(page->last_id, strlen(page->last_id)))
        abort();
    for (size_t i = 0; i < page->count; i++) {
        check_cert(&page->certs[i]);
        if (is_of_scope && !page->certs[i].has_active)
            abort();
    }
    ot_api_page_clear(page);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char kind[] = "organization.certificate";
    static const char toggled[] = "organization.certificate.activation";
    const char *text = (const char *)data;
    struct ot_error err = OT_ERROR_INIT;
    struct ot_api_page page;
    struct ot_api_cert cert;
    char message[64];

    check_page(ot_api_parse_page(&page, kind, text, size, &err), &page, true);
    check_page(ot_api_parse_toggled(&page, toggled, text, size, &err), &page, true);
    check_page(ot_api_parse_contents(&page, text, size, &err), &page, false);
    if (ot_api_parse_cert(&cert, text, size, &err) == OT_OK)
        check_cert(&cert);
    else if (cert.content != NULL || cert.name != NULL || cert.id[0] != '\0')
        abort();
    ot_api_cert_clear(&cert);
    ot_api_parse_deleted("cert_1", text, size, &err);
    if (ot_api_parse_error(message, sizeof(message), text, size) &&
        (message[0] == '\0' || strlen(message) >= sizeof(message)))
        abort();
    return 0;
}
