/* Sessions as an application opens and closes them. */
#include "call.h"
#include "config/source.h"
#include "cryptoki_3.h"
#include "find_internal.h"
#include "host_internal.h"
#include "inside.h"
#include "module.h"
#include "session.h"
#include "slot.h"
#include "view.h"

static CK_RV open_checked_session(struct ot_module *module, struct ot_slot *slot,
                                  CK_FLAGS flags, CK_SESSION_HANDLE *handle)
{
    if (handle == NULL)
        return CKR_ARGUMENTS_BAD;
    if (slot->view->source != NULL && slot->view->source->names != NULL)
        ot_host_look();
    if ((flags & CKF_SERIAL_SESSION) == 0)
        return CKR_SESSION_PARALLEL_NOT_SUPPORTED;
    if ((flags & CKF_ASYNC_SESSION) != 0)
        return CKR_SESSION_ASYNC_NOT_SUPPORTED;
    if ((flags & CKF_RW_SESSION) != 0 && slot->rules == NULL)
        return CKR_TOKEN_WRITE_PROTECTED;
    return ot_session_open(&module->sessions, slot, (flags & CKF_RW_SESSION) != 0,
                           handle);
}

CK_RV C_OpenSession(CK_SLOT_ID slot_id, CK_FLAGS flags, void *application,
                    CK_NOTIFY notify, CK_SESSION_HANDLE *handle)
{
    const unsigned door = ot_inside_door(slot_id);
    struct ot_module *module = ot_module_enter(door);
    struct ot_slot *slot;
    CK_RV rv = CKR_SLOT_ID_INVALID;

    (void)application; /* there is nothing to notify of */
    (void)notify;
    if (module == NULL)
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    slot = ot_module_slot(module, slot_id);
    if (slot != NULL)
        rv = open_checked_session(module, slot, flags, handle);
    ot_inside_leave(door);
    return rv;
}

CK_RV C_CloseSession(CK_SESSION_HANDLE handle)
{
    struct ot_session *session;
    CK_RV rv = ot_session_take(handle, &session);

    if (rv != CKR_OK)
        return rv;
    ot_session_close(session);
    ot_inside_leave(ot_inside_door(handle));
    return CKR_OK;
}

CK_RV C_CloseAllSessions(CK_SLOT_ID slot_id)
{
    const unsigned door = ot_inside_door(slot_id);
    struct ot_module *module = ot_module_enter(door);
    struct ot_slot *slot;
    CK_RV rv = CKR_SLOT_ID_INVALID;

    if (module == NULL)
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    slot = ot_module_slot(module, slot_id);
    if (slot != NULL)
        rv = ot_session_close_all(&module->sessions, slot);
    ot_inside_leave(door);
    return rv;
}

CK_RV C_GetSessionInfo(CK_SESSION_HANDLE handle, CK_SESSION_INFO *info)
{
    struct ot_session *session;
    CK_RV rv = ot_session_take(handle, &session);

    if (rv != CKR_OK)
        return rv;
    if (info != NULL)
        *info = (CK_SESSION_INFO){
            .slotID = session->slot->id,
            .state = ot_slot_state(session->slot, session->is_read_write),
            .flags = CKF_SERIAL_SESSION | (session->is_read_write ? CKF_RW_SESSION : 0)};
    ot_session_drop(session);
    return info != NULL ? CKR_OK : CKR_ARGUMENTS_BAD;
}

/* Ends what can be in progress: a search. That nothing is, is no error (§5.6.8). */
CK_RV C_SessionCancel(CK_SESSION_HANDLE handle, CK_FLAGS flags)
{
    struct ot_session *session;
    struct ot_find *find = NULL;
    CK_RV rv = ot_session_take(handle, &session);

    if (rv != CKR_OK)
        return rv;
    if ((flags & CKF_FIND_OBJECTS) != 0) {
        find = session->find;
        session->find = NULL;
    }
    ot_session_drop(session);
    ot_find_free(find);
    return CKR_OK;
}

/* Nobody here is known by a name, so that it is not looked at. */
CK_RV C_LoginUser(CK_SESSION_HANDLE session, CK_USER_TYPE user_type, CK_UTF8CHAR *pin,
                  CK_ULONG pin_len, CK_UTF8CHAR *name, CK_ULONG name_len)
{
    CK_RV rv = ot_session_check(session);

    if (rv == CKR_OK && name == NULL && name_len > 0)
        return CKR_ARGUMENTS_BAD;
    return rv == CKR_OK ? C_Login(session, user_type, pin, pin_len) : rv;
}
