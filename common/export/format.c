#include "export/format.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/span.h"
#include "base/text.h"
#include "cert/common_name.h"
#include "export/anchors.h"

/* Of a common name: four times what X.520 allows one. */
#define OT_JAVA_NAME_MAX 257

static const char *const names[OT_FORMAT_COUNT] = {
    [OT_FORMAT_PEM] = "pem",
    [OT_FORMAT_P12] = "p12",
    [OT_FORMAT_DER] = "der",
    [OT_FORMAT_DIR] = "dir",
};

enum ot_export_format ot_format_by_name(const char *name)
{
    int format = 0;

    while (format < OT_FORMAT_COUNT && strcmp(names[format], name) != 0)
        format++;
    return (enum ot_export_format)format;
}

const char *ot_format_name(enum ot_export_format format)
{
    return names[format];
}

static enum ot_status make_der(uint8_t **bytes, size_t *len,
                               const struct ot_anchors *anchors, struct ot_error *err)
{
    if (anchors->count != 1)
        return ot_error_set(err, OT_E_USAGE,
                            "DER holds one certificate, and %zu are meant; choose one "
                            "with --id or --name",
                            anchors->count);
    *len = anchors->items[0].der.len;
    *bytes = malloc(*len);
    if (*bytes == NULL)
        return ot_error_nomem(err);
    memcpy(*bytes, anchors->items[0].der.data, *len);
    return OT_OK;
}

enum ot_status ot_format_make(enum ot_export_format format, uint8_t **bytes, size_t *len,
                              const struct ot_anchors *anchors, struct ot_error *err)
{
    *bytes = NULL;
    *len = 0;
    switch (format) {
    case OT_FORMAT_PEM:
        return ot_pem_bundle_make(bytes, len, anchors, err);
    case OT_FORMAT_P12:
        return ot_pkcs12_make(bytes, len, anchors, err);
    case OT_FORMAT_DER:
        return make_der(bytes, len, anchors, err);
    case OT_FORMAT_DIR:
    case OT_FORMAT_COUNT:
        break;
    }
    return ot_error_set(err, OT_E_INTERNAL, "this format is not one file");
}

bool ot_format_is_ours(enum ot_export_format format, const uint8_t *bytes, size_t len)
{
    if (len == 0)
        return true;
    switch (format) {
    case OT_FORMAT_PEM:
        return ot_pem_bundle_is_ours(bytes, len);
    case OT_FORMAT_P12:
        return ot_pkcs12_is_ours(bytes, len);
    case OT_FORMAT_DER:
    case OT_FORMAT_DIR:
    case OT_FORMAT_COUNT:
        break;
    }
    return false;
}

/* The last common name of a subject, escaped for display; "" without one. */
static void show_common_name(char *buf, size_t size, struct ot_span subject)
{
    const unsigned char *at = subject.data;
    X509_NAME *name = d2i_X509_NAME(NULL, &at, (long)subject.len);
    unsigned char *text = NULL;
    size_t len = ot_common_name(&text, name);

    ot_text_escape(buf, size, (const char *)text, len);
    OPENSSL_free(text);
    X509_NAME_free(name);
    ERR_clear_error();
}

/* ASCII alone is made small: what Java does to other letters depends on its locale, and
 * the number in front makes the alias unique whatever becomes of them. */
char *ot_java_alias(const struct ot_anchor *anchor)
{
    char name[OT_ANCHOR_NAME_LEN + 1], shown[OT_JAVA_NAME_MAX], *alias;

    ot_anchor_name(name, anchor);
    show_common_name(shown, sizeof(shown), anchor->subject);
    if (asprintf(&alias, OT_JAVA_ALIAS "%s%s%s", name, shown[0] != '\0' ? " " : "",
                 shown) < 0)
        return NULL;
    for (char *at = alias; *at != '\0'; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at - 'A' + 'a');
    return alias;
}
