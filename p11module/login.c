/* Who logs in: nobody needs to, and there is no PIN that could be right. Answered from
 * memory, since some tools try three times for one command. */
#include "session.h"

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
    case CKU_SO: /* who may not log in beside a read-only session (§5.6.6) */
        return CKR_SESSION_READ_ONLY_EXISTS;
    case CKU_CONTEXT_SPECIFIC:
        return CKR_OPERATION_NOT_INITIALIZED;
    default:
        return CKR_USER_TYPE_INVALID;
    }
}

CK_RV C_LoginUser(CK_SESSION_HANDLE session, CK_USER_TYPE user_type, CK_UTF8CHAR *pin,
                  CK_ULONG pin_len, CK_UTF8CHAR *name, CK_ULONG name_len)
{
    CK_RV rv = ot_session_check(session);

    if (rv == CKR_OK && name == NULL && name_len > 0)
        return CKR_ARGUMENTS_BAD;
    return rv == CKR_OK ? C_Login(session, user_type, pin, pin_len) : rv;
}

CK_RV C_Logout(CK_SESSION_HANDLE session)
{
    CK_RV rv = ot_session_check(session);

    return rv == CKR_OK ? CKR_USER_NOT_LOGGED_IN : rv;
}

/* Only the security officer may, in a session that can write. */
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
