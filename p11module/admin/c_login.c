/* Who logs in and out as an application has it. */
#include <pthread.h>

#include "admin_internal.h"
#include "base/span.h"
#include "call.h"
#include "config/key_form.h"
#include "cryptoki_3.h"
#include "errand/errand.h"
#include "inside.h"
#include "key_page_internal.h"
#include "login_internal.h"
#include "module.h"
#include "session.h"

/* ot_login_begin of a session, which may be gone. *slot is set when it is not. */
static CK_RV begin_in_session(struct ot_module *module, CK_SESSION_HANDLE handle,
                              enum ot_user who, struct ot_key_page *key,
                              struct ot_slot **slot)
{
    struct ot_session *session;
    CK_RV rv = ot_session_take_in(&module->sessions, handle, &session);

    if (rv != CKR_OK)
        return rv;
    *slot = session->slot;
    rv = ot_login_begin(ot_admin_login(*slot), who, key);
    ot_session_drop_in(session);
    return rv;
}

/* Programs ask their users for the PIN of any token that wants a login, and send what
 * they were told for another one: a card's PIN, a database's password. Only a key, or the
 * word for the configured one, goes any further. */
static bool is_possible_pin(struct ot_span pin)
{
    return pin.len <= OT_PIN_MAX &&
           (ot_errand_key(pin).data == NULL || ot_key_is_possible(pin));
}

static CK_RV login_as(struct ot_module *module, CK_SESSION_HANDLE session,
                      enum ot_user who, const CK_UTF8CHAR *pin, CK_ULONG pin_len)
{
    struct ot_key_page *key;
    struct ot_slot *slot;
    int cancel;
    CK_RV rv = begin_in_session(module, session, who, NULL, &slot);

    if (rv != CKR_OK)
        return rv;
    if (!is_possible_pin(
            ot_span_of(pin != NULL ? pin : (const CK_UTF8CHAR *)"", pin_len))) {
        ot_admin_refuse_pin(slot);
        return CKR_PIN_INCORRECT;
    }
    key = ot_key_page_new(ot_span_of(pin, pin_len));
    if (key == NULL)
        return CKR_HOST_MEMORY;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel); /* the key would stay */
    rv = ot_admin_try_key(slot, key);
    /* Whatever has happened meanwhile: this session closed, another login. */
    if (rv == CKR_OK)
        rv = begin_in_session(module, session, who, key, &slot);
    if (rv != CKR_OK)
        ot_key_page_unref(key);
    pthread_setcancelstate(cancel, NULL);
    return rv;
}

static CK_RV log_in(struct ot_module *module, CK_SESSION_HANDLE session,
                    CK_USER_TYPE user_type, const CK_UTF8CHAR *pin, CK_ULONG pin_len)
{
    if (pin == NULL && pin_len > 0)
        return CKR_ARGUMENTS_BAD;
    switch (user_type) {
    case CKU_USER:
        return login_as(module, session, OT_USER, pin, pin_len);
    case CKU_SO:
        return login_as(module, session, OT_SECURITY_OFFICER, pin, pin_len);
    case CKU_CONTEXT_SPECIFIC:
        return CKR_OPERATION_NOT_INITIALIZED;
    default:
        return CKR_USER_TYPE_INVALID;
    }
}

CK_RV C_Login(CK_SESSION_HANDLE session, CK_USER_TYPE user_type, CK_UTF8CHAR *pin,
              CK_ULONG pin_len)
{
    const unsigned door = ot_inside_door(session);
    struct ot_module *module;
    CK_RV rv = ot_session_check(session);

    if (rv != CKR_OK)
        return rv;
    module = ot_module_enter(door); /* what follows takes long */
    if (module == NULL)
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    rv = log_in(module, session, user_type, pin, pin_len);
    ot_inside_leave(door);
    return rv;
}

CK_RV C_Logout(CK_SESSION_HANDLE handle)
{
    struct ot_session *session;
    CK_RV rv = ot_session_take(handle, &session);

    if (rv != CKR_OK)
        return rv;
    rv = ot_login_end(ot_admin_login(session->slot));
    ot_session_drop(session);
    return rv;
}

/* Only the security officer may, in a session that can write; but keys are made and
 * changed where the organization keeps them. */
CK_RV C_InitPIN(CK_SESSION_HANDLE handle, CK_UTF8CHAR *pin, CK_ULONG pin_len)
{
    struct ot_session *session;
    bool is_officer;
    CK_RV rv = ot_session_take(handle, &session);

    if (rv != CKR_OK)
        return rv;
    is_officer = ot_login_who(ot_admin_login(session->slot)) == OT_SECURITY_OFFICER;
    ot_session_drop(session);
    if (pin == NULL && pin_len > 0)
        return CKR_ARGUMENTS_BAD;
    return is_officer ? CKR_FUNCTION_NOT_SUPPORTED : CKR_USER_NOT_LOGGED_IN;
}

CK_RV C_SetPIN(CK_SESSION_HANDLE handle, CK_UTF8CHAR *old_pin, CK_ULONG old_len,
               CK_UTF8CHAR *new_pin, CK_ULONG new_len)
{
    struct ot_session *session;
    bool is_read_write;
    CK_RV rv = ot_session_take(handle, &session);

    if (rv != CKR_OK)
        return rv;
    is_read_write = session->is_read_write;
    ot_session_drop(session);
    if ((old_pin == NULL && old_len > 0) || (new_pin == NULL && new_len > 0))
        return CKR_ARGUMENTS_BAD;
    return is_read_write ? CKR_FUNCTION_NOT_SUPPORTED : CKR_SESSION_READ_ONLY;
}
