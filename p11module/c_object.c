/* Objects as an application reads them; nobody copies them. */
#include <string.h>

#include "attribute.h"
#include "base/span.h"
#include "call.h"
#include "cryptoki_3.h"
#include "session.h"
#include "template.h"

/* One attribute as §5.7.5 has it: its length alone, its value, or why not. */
static CK_RV get_one(const struct ot_object *object, union ot_scratch *scratch,
                     CK_ATTRIBUTE *attribute)
{
    const struct ot_span value = ot_attribute_get(object, attribute->type, scratch);
    CK_RV rv = CKR_OK;

    if (value.data == NULL)
        rv = CKR_ATTRIBUTE_TYPE_INVALID;
    else if (attribute->pValue != NULL && attribute->ulValueLen < value.len)
        rv = CKR_BUFFER_TOO_SMALL;
    else if (attribute->pValue != NULL)
        memcpy(attribute->pValue, value.data, value.len);
    attribute->ulValueLen = rv == CKR_OK ? value.len : CK_UNAVAILABLE_INFORMATION;
    return rv;
}

/* All attributes are answered, whatever is wrong with one of them. */
static CK_RV get_all(struct ot_session *session, CK_OBJECT_HANDLE handle,
                     CK_ATTRIBUTE *attributes, CK_ULONG count)
{
    const struct ot_object *object;
    CK_RV rv = CKR_OK, one;

    if (!ot_template_is_good(attributes, count))
        return CKR_ARGUMENTS_BAD;
    object = ot_session_object(session, handle);
    if (object == NULL)
        return CKR_OBJECT_HANDLE_INVALID;
    for (CK_ULONG i = 0; i < count; i++) {
        one = get_one(object, &session->scratch, &attributes[i]);
        if (one != CKR_OK)
            rv = one;
    }
    return rv;
}

/* GnuTLS calls this fifteen times for each of a thousand objects: what it calls is put
 * into the one function, all but what is marked to stay out. */
__attribute__((flatten)) CK_RV C_GetAttributeValue(CK_SESSION_HANDLE handle,
                                                   CK_OBJECT_HANDLE object_handle,
                                                   CK_ATTRIBUTE *attributes,
                                                   CK_ULONG count)
{
    struct ot_session *session;
    CK_RV rv = ot_session_take(handle, &session);

    if (rv != CKR_OK)
        return rv;
    rv = get_all(session, object_handle, attributes, count);
    ot_session_drop(session);
    return rv;
}

CK_RV C_GetObjectSize(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object_handle,
                      CK_ULONG *size)
{
    const struct ot_object *object;
    struct ot_session *session;
    CK_RV rv = ot_session_take(handle, &session);

    if (rv != CKR_OK)
        return rv;
    object = size != NULL ? ot_session_object(session, object_handle) : NULL;
    if (size == NULL)
        rv = CKR_ARGUMENTS_BAD;
    else if (object == NULL)
        rv = CKR_OBJECT_HANDLE_INVALID;
    else
        *size = ot_attribute_total(object);
    ot_session_drop(session);
    return rv;
}

/* CKA_COPYABLE is false: also a copy that lives in the session only is refused. */
CK_RV C_CopyObject(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object_handle,
                   CK_ATTRIBUTE *attributes, CK_ULONG count, CK_OBJECT_HANDLE *copy)
{
    struct ot_session *session;
    CK_RV rv = ot_session_take(handle, &session);

    if (rv != CKR_OK)
        return rv;
    if ((attributes == NULL && count > 0) || copy == NULL)
        rv = CKR_ARGUMENTS_BAD;
    else if (ot_session_object(session, object_handle) == NULL)
        rv = CKR_OBJECT_HANDLE_INVALID;
    else
        rv = CKR_ACTION_PROHIBITED;
    ot_session_drop(session);
    return rv;
}
