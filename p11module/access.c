/* Objects as an application reads them, and the refusals where it would write. */
#include <string.h>

#include "session.h"

/* One attribute as §5.7.5 has it: its length alone, its value, or why not. */
static CK_RV get_one(const struct ot_object *object, CK_ATTRIBUTE *attribute)
{
    CK_ULONG room = attribute->ulValueLen;
    union ot_scratch scratch;
    struct ot_span value;

    attribute->ulValueLen = CK_UNAVAILABLE_INFORMATION;
    if (!ot_attribute_get(object, attribute->type, &scratch, &value))
        return CKR_ATTRIBUTE_TYPE_INVALID;
    if (attribute->pValue != NULL && room < value.len)
        return CKR_BUFFER_TOO_SMALL;
    attribute->ulValueLen = value.len;
    if (attribute->pValue != NULL && value.len > 0)
        memcpy(attribute->pValue, value.data, value.len);
    return CKR_OK;
}

/* All attributes are answered, whatever is wrong with one of them. */
static CK_RV get_all(const struct ot_object *object, CK_ATTRIBUTE *template,
                     CK_ULONG count)
{
    CK_RV rv = CKR_OK, one;
    CK_ULONG i;

    for (i = 0; i < count; i++) {
        one = get_one(object, &template[i]);
        if (one != CKR_OK)
            rv = one;
    }
    return rv;
}

CK_RV C_GetAttributeValue(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object_handle,
                          CK_ATTRIBUTE *template, CK_ULONG count)
{
    const struct ot_object *object;
    struct ot_session *session;
    CK_RV rv = ot_session_take(handle, &session);

    if (rv != CKR_OK)
        return rv;
    if ((template == NULL && count > 0) || count > OT_TEMPLATE_MAX) {
        rv = CKR_ARGUMENTS_BAD;
    } else {
        object = ot_session_object(session, object_handle);
        rv =
            object != NULL ? get_all(object, template, count) : CKR_OBJECT_HANDLE_INVALID;
    }
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

/* What a session that cannot write answers about an object that is there. */
static CK_RV refuse(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object_handle,
                    bool are_arguments_good, CK_RV refusal)
{
    struct ot_session *session;
    CK_RV rv = ot_session_take(handle, &session);

    if (rv != CKR_OK)
        return rv;
    if (!are_arguments_good)
        rv = CKR_ARGUMENTS_BAD;
    else if (ot_session_object(session, object_handle) == NULL)
        rv = CKR_OBJECT_HANDLE_INVALID;
    else
        rv = refusal;
    ot_session_drop(session);
    return rv;
}

CK_RV C_SetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                          CK_ATTRIBUTE *template, CK_ULONG count)
{
    return refuse(session, object, template != NULL || count == 0, CKR_SESSION_READ_ONLY);
}

CK_RV C_DestroyObject(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
    return refuse(session, object, true, CKR_SESSION_READ_ONLY);
}

/* CKA_COPYABLE is false: also a copy that lives in the session only is refused. */
CK_RV C_CopyObject(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                   CK_ATTRIBUTE *template, CK_ULONG count, CK_OBJECT_HANDLE *copy)
{
    return refuse(session, object, (template != NULL || count == 0) && copy != NULL,
                  CKR_ACTION_PROHIBITED);
}

static bool wants_token_object(const CK_ATTRIBUTE *template, CK_ULONG count)
{
    CK_BBOOL truth = CK_FALSE;
    CK_ULONG i;

    for (i = 0; i < count; i++)
        if (template[i].type == CKA_TOKEN && template[i].pValue != NULL &&
            template[i].ulValueLen == sizeof(truth))
            memcpy(&truth, template[i].pValue, sizeof(truth));
    return truth != CK_FALSE;
}

/* A read-only session makes no objects on the token (§5.6), and this token has no room
 * for a session's own ones. */
CK_RV C_CreateObject(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG count,
                     CK_OBJECT_HANDLE *object)
{
    CK_RV rv = ot_session_check(session);

    if (rv != CKR_OK)
        return rv;
    if (template == NULL || object == NULL || count > OT_TEMPLATE_MAX)
        return CKR_ARGUMENTS_BAD;
    return wants_token_object(template, count) ? CKR_SESSION_READ_ONLY
                                               : CKR_TOKEN_WRITE_PROTECTED;
}
