/* What makes tokens ones that everybody reads and nobody writes: they have no rules,
 * there is no PIN that could be right, and each call that would write is refused. */
#include "call.h"
#include "cryptoki_3.h"
#include "session.h"
#include "template.h"

/* From memory, since some tools try three times for one command. An officer cannot be
 * beside this very session, which only reads (§5.6.6). */
CK_RV C_Login(CK_SESSION_HANDLE session, CK_USER_TYPE user_type, CK_UTF8CHAR *pin,
              CK_ULONG pin_len)
{
    CK_RV rv = ot_session_check(session);

    if (rv != CKR_OK)
        return rv;
    if (pin == NULL && pin_len > 0)
        return CKR_ARGUMENTS_BAD;
    switch (user_type) {
    case CKU_USER:
        return CKR_USER_PIN_NOT_INITIALIZED;
    case CKU_SO:
        return CKR_SESSION_READ_ONLY_EXISTS;
    case CKU_CONTEXT_SPECIFIC:
        return CKR_OPERATION_NOT_INITIALIZED;
    default:
        return CKR_USER_TYPE_INVALID;
    }
}

CK_RV C_Logout(CK_SESSION_HANDLE session)
{
    CK_RV rv = ot_session_check(session);

    return rv == CKR_OK ? CKR_USER_NOT_LOGGED_IN : rv;
}

CK_RV C_InitPIN(CK_SESSION_HANDLE session, CK_UTF8CHAR *pin, CK_ULONG pin_len)
{
    CK_RV rv = ot_session_check(session);

    if (rv != CKR_OK)
        return rv;
    return pin == NULL && pin_len > 0 ? CKR_ARGUMENTS_BAD : CKR_USER_NOT_LOGGED_IN;
}

CK_RV C_SetPIN(CK_SESSION_HANDLE session, CK_UTF8CHAR *old_pin, CK_ULONG old_len,
               CK_UTF8CHAR *new_pin, CK_ULONG new_len)
{
    CK_RV rv = ot_session_check(session);

    if (rv != CKR_OK)
        return rv;
    if ((old_pin == NULL && old_len > 0) || (new_pin == NULL && new_len > 0))
        return CKR_ARGUMENTS_BAD;
    return CKR_SESSION_READ_ONLY;
}

/* What a template says of CKA_TOKEN; false where it says nothing that can be read. */
static bool is_for_token(const CK_ATTRIBUTE *attributes, CK_ULONG count)
{
    for (CK_ULONG i = 0; i < count; i++)
        if (attributes[i].type == CKA_TOKEN)
            return attributes[i].pValue != NULL &&
                   attributes[i].ulValueLen == sizeof(CK_BBOOL) &&
                   *(const CK_BBOOL *)attributes[i].pValue != CK_FALSE;
    return false;
}

/* There is no room for a session's own objects either. */
CK_RV C_CreateObject(CK_SESSION_HANDLE session, CK_ATTRIBUTE *attributes, CK_ULONG count,
                     CK_OBJECT_HANDLE *object)
{
    CK_RV rv = ot_session_check(session);

    if (rv != CKR_OK)
        return rv;
    if (attributes == NULL || object == NULL || count > OT_TEMPLATE_MAX)
        return CKR_ARGUMENTS_BAD;
    return is_for_token(attributes, count) ? CKR_SESSION_READ_ONLY
                                           : CKR_TOKEN_WRITE_PROTECTED;
}

/* Whether the object is there that cannot be changed. */
static CK_RV refuse_change(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object)
{
    struct ot_session *session;
    CK_RV rv = ot_session_take(handle, &session);

    if (rv != CKR_OK)
        return rv;
    rv = ot_session_object(session, object) != NULL ? CKR_SESSION_READ_ONLY
                                                    : CKR_OBJECT_HANDLE_INVALID;
    ot_session_drop(session);
    return rv;
}

CK_RV C_SetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                          CK_ATTRIBUTE *attributes, CK_ULONG count)
{
    CK_RV rv = ot_session_check(session);

    if (rv != CKR_OK)
        return rv;
    if (!ot_template_is_good(attributes, count))
        return CKR_ARGUMENTS_BAD;
    return refuse_change(session, object);
}

CK_RV C_DestroyObject(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
    return refuse_change(session, object);
}
