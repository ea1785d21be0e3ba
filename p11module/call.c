#include "call.h"

#include "inside.h"
#include "module.h"
#include "session.h"

CK_RV ot_session_take(CK_SESSION_HANDLE handle, struct ot_session **out)
{
    struct ot_module *module = ot_module_enter(ot_inside_door(handle));
    CK_RV rv;

    if (module == NULL)
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    rv = ot_session_take_in(&module->sessions, handle, out);
    if (rv != CKR_OK)
        ot_inside_leave(ot_inside_door(handle));
    return rv;
}

void ot_session_drop(struct ot_session *session)
{
    unsigned door = session->shard->number;

    ot_session_drop_in(session);
    ot_inside_leave(door);
}

CK_RV ot_session_check(CK_SESSION_HANDLE handle)
{
    struct ot_session *session;
    CK_RV rv = ot_session_take(handle, &session);

    if (rv == CKR_OK)
        ot_session_drop(session);
    return rv;
}
