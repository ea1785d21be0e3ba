/* C_CreateObject: a certificate is uploaded, a trust object makes one active. */
#include <stdlib.h>
#include <string.h>

#include "admin_internal.h"
#include "attribute.h"
#include "base/limits.h"
#include "base/span.h"
#include "call.h"
#include "cryptoki_3.h"
#include "errand/errand.h"
#include "given_internal.h"
#include "object.h"
#include "template.h"
#include "trust_internal.h"

/* A certificate as a template gives it. */
struct upload {
    struct ot_span der; /* the application's */
    char *name;         /* NULL: none */
    bool is_trusted;
};

/* One value from the first byte to the last (X.690 §8.1.3): text in PEM, or a second
 * certificate behind the first, would not become the object that was asked for. */
static bool is_one_sequence(struct ot_span der)
{
    size_t at = 2, len, octets;

    if (der.len < 2 || der.data[0] != 0x30)
        return false;
    len = der.data[1];
    if (len >= 0x80) {
        octets = len & 0x7f;
        if (octets == 0 || octets > 3 || der.len < 2 + octets)
            return false;
        for (len = 0; octets > 0; octets--)
            len = len << 8 | der.data[at++];
    }
    return len == der.len - at;
}

/* Names and the serial number stand in the certificate as they are given, if they are its
 * own. */
static bool agrees_with_der(struct ot_span der, const CK_ATTRIBUTE *attribute)
{
    return attribute == NULL || attribute->ulValueLen == 0 ||
           memmem(der.data, der.len, attribute->pValue, attribute->ulValueLen) != NULL;
}

/* What the specification has for certificates is accepted, also where it is worked out
 * from the certificate instead; likewise what vendors add, since tools do not ask. */
static CK_RV check_types(const struct ot_given *given, enum ot_object_kind kind)
{
    CK_ATTRIBUTE_TYPE type;

    for (CK_ULONG i = 0; i < given->count; i++) {
        type = given->attributes[i].type;
        if (type == CKA_UNIQUE_ID)
            return CKR_ATTRIBUTE_READ_ONLY;
        if ((type & CKA_VENDOR_DEFINED) == 0 && !ot_attribute_is_known(kind, type))
            return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    return CKR_OK;
}

static CK_RV read_der(struct upload *upload, const struct ot_given *given)
{
    const CK_ATTRIBUTE *type = ot_given_find(given, CKA_CERTIFICATE_TYPE);
    const CK_ATTRIBUTE *value = ot_given_find(given, CKA_VALUE);
    CK_ULONG number;
    CK_RV rv;

    if (type == NULL || value == NULL)
        return CKR_TEMPLATE_INCOMPLETE;
    rv = ot_given_number(type, &number);
    if (rv != CKR_OK)
        return rv;
    upload->der = ot_span_of(value->pValue, value->ulValueLen);
    if (number != CKC_X_509 || upload->der.len > OT_CERT_DER_MAX ||
        !is_one_sequence(upload->der))
        return CKR_ATTRIBUTE_VALUE_INVALID;
    if (!agrees_with_der(upload->der, ot_given_find(given, CKA_SUBJECT)) ||
        !agrees_with_der(upload->der, ot_given_find(given, CKA_ISSUER)) ||
        !agrees_with_der(upload->der, ot_given_find(given, CKA_SERIAL_NUMBER)))
        return CKR_TEMPLATE_INCONSISTENT;
    return CKR_OK;
}

/* A certificate can be trusted or not; distrusted is more than an organization says. */
static CK_RV read_trust(struct upload *upload, const struct ot_given *given)
{
    const CK_ATTRIBUTE *trusted = ot_given_find(given, CKA_TRUSTED);
    const CK_ATTRIBUTE *distrusted = ot_given_find(given, OT_CKA_X_DISTRUSTED);
    bool is_distrusted = false;
    CK_RV rv = CKR_OK;

    if (trusted != NULL)
        rv = ot_given_truth(trusted, &upload->is_trusted);
    if (rv == CKR_OK && distrusted != NULL)
        rv = ot_given_truth(distrusted, &is_distrusted);
    return rv == CKR_OK && is_distrusted ? CKR_TEMPLATE_INCONSISTENT : rv;
}

/* upload->name is to be freed after CKR_OK. */
static CK_RV read_upload(struct upload *upload, const struct ot_given *given)
{
    const CK_ATTRIBUTE *label = ot_given_find(given, CKA_LABEL);
    CK_RV rv = check_types(given, OT_OBJECT_CERTIFICATE);

    memset(upload, 0, sizeof(*upload));
    if (rv == CKR_OK)
        rv = read_der(upload, given);
    if (rv == CKR_OK)
        rv = read_trust(upload, given);
    if (rv == CKR_OK && label != NULL)
        rv = ot_given_name(label, &upload->name);
    return rv;
}

static CK_RV create_certificate(const struct ot_authorization *authorization,
                                const struct ot_given *given, CK_OBJECT_HANDLE *object)
{
    const char *arguments[OT_ERRAND_ARGUMENTS_MAX + 1] = {"upload"};
    struct ot_errand_result result;
    struct upload upload;
    size_t n = 1;
    CK_RV rv = read_upload(&upload, given);

    if (rv != CKR_OK)
        return rv;
    if (upload.name != NULL) {
        arguments[n++] = "--name";
        arguments[n++] = upload.name;
    }
    if (upload.is_trusted)
        arguments[n++] = "--activate";
    arguments[n++] = "-"; /* standard input */
    rv = ot_authorization_use(authorization, OT_ADMIN_CALL_CREATE, arguments, upload.der,
                              &result);
    if (rv == CKR_OK && result.id[0] == '\0')
        rv = CKR_GENERAL_ERROR;
    if (rv == CKR_OK)
        *object = ot_object_handle_of(ot_span_str(result.id), OT_OBJECT_CERTIFICATE);
    free(upload.name);
    return rv;
}

/* This token has no room for a session's own objects. */
static CK_RV check_token(const struct ot_given *given)
{
    const CK_ATTRIBUTE *token = ot_given_find(given, CKA_TOKEN);
    bool is_of_token;
    CK_RV rv;

    if (token == NULL)
        return CKR_TEMPLATE_INCOMPLETE;
    rv = ot_given_truth(token, &is_of_token);
    return rv == CKR_OK && !is_of_token ? CKR_TEMPLATE_INCONSISTENT : rv;
}

static CK_RV create_by_class(const struct ot_authorization *authorization,
                             const struct ot_given *given, CK_OBJECT_HANDLE *object)
{
    const CK_ATTRIBUTE *object_class = ot_given_find(given, CKA_CLASS);
    enum ot_object_kind kind;
    CK_ULONG number;
    CK_RV rv = ot_given_check(given);

    if (rv == CKR_OK && object_class == NULL)
        rv = CKR_TEMPLATE_INCOMPLETE;
    if (rv == CKR_OK)
        rv = ot_given_number(object_class, &number);
    if (rv == CKR_OK)
        rv = check_token(given);
    if (rv != CKR_OK)
        return rv;
    if (number == CKO_CERTIFICATE)
        return create_certificate(authorization, given, object);
    kind = ot_trust_kind(number);
    if (kind == OT_OBJECT_PROFILE)
        return CKR_ATTRIBUTE_VALUE_INVALID;
    rv = check_types(given, kind);
    return rv == CKR_OK ? ot_trust_create(authorization, kind, given, object) : rv;
}

CK_RV C_CreateObject(CK_SESSION_HANDLE handle, CK_ATTRIBUTE *attributes, CK_ULONG count,
                     CK_OBJECT_HANDLE *object)
{
    const struct ot_given given = {attributes, count};
    struct ot_authorization authorization = {.key = NULL};
    struct ot_session *session;
    CK_RV rv = ot_session_take(handle, &session);

    if (rv != CKR_OK)
        return rv;
    if (attributes == NULL || object == NULL || count > OT_TEMPLATE_MAX)
        rv = CKR_ARGUMENTS_BAD;
    else
        rv = ot_authorization_take(&authorization, session);
    ot_session_drop(session);
    if (rv == CKR_OK)
        rv = create_by_class(&authorization, &given, object);
    ot_authorization_drop(&authorization);
    return rv;
}
