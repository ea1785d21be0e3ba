/* Searches as an application begins, reads and ends them. */
#include "base/error.h"
#include "call.h"
#include "cryptoki_3.h"
#include "find_internal.h"
#include "inside.h"
#include "module.h"
#include "session.h"
#include "slot.h"
#include "template.h"
#include "view.h"

static void complain_of_damage(struct ot_view *view)
{
    struct ot_error err = OT_ERROR_INIT;

    ot_error_set(&err, OT_E_CORRUPT,
                 "a certificate was passed over because its record in the snapshot is "
                 "damaged; `orgtrust sync` mends it");
    ot_view_complain(view, &err);
}

/* The slot of a session that can begin a search. */
static CK_RV slot_to_search(struct ot_module *module, CK_SESSION_HANDLE handle,
                            const CK_ATTRIBUTE *attributes, CK_ULONG count,
                            struct ot_slot **slot)
{
    struct ot_session *session;
    CK_RV rv = ot_session_take_in(&module->sessions, handle, &session);

    if (rv != CKR_OK)
        return rv;
    *slot = session->slot;
    if (!ot_template_is_good(attributes, count))
        rv = CKR_ARGUMENTS_BAD;
    else if (session->find != NULL)
        rv = CKR_OPERATION_ACTIVE;
    ot_session_drop_in(session);
    return rv;
}

static CK_RV begin_search(struct ot_module *module, CK_SESSION_HANDLE handle,
                          const CK_ATTRIBUTE *attributes, CK_ULONG count)
{
    struct ot_session *session;
    struct ot_find *find;
    struct ot_slot *slot;
    CK_RV rv = slot_to_search(module, handle, attributes, count, &slot);

    if (rv != CKR_OK)
        return rv;
    /* Outside the lock: this looks at files. */
    rv = ot_find_new(&find, slot, attributes, count);
    if (rv != CKR_OK)
        return rv;
    /* Another thread may have closed it. */
    rv = ot_session_take_in(&module->sessions, handle, &session);
    if (rv == CKR_OK) {
        if (session->find == NULL) {
            session->find = find;
            find = NULL;
        } else {
            rv = CKR_OPERATION_ACTIVE;
        }
        ot_session_drop_in(session);
    }
    ot_find_free(find);
    return rv;
}

CK_RV C_FindObjectsInit(CK_SESSION_HANDLE handle, CK_ATTRIBUTE *attributes,
                        CK_ULONG count)
{
    const unsigned door = ot_inside_door(handle);
    struct ot_module *module = ot_module_enter(door);
    CK_RV rv;

    if (module == NULL)
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    rv = begin_search(module, handle, attributes, count);
    ot_inside_leave(door);
    return rv;
}

CK_RV C_FindObjects(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE *objects, CK_ULONG max,
                    CK_ULONG *count)
{
    struct ot_session *session;
    CK_RV rv = ot_session_take(handle, &session);
    struct ot_view *damaged = NULL;
    CK_ULONG n = 0;

    if (rv != CKR_OK)
        return rv;
    if ((objects == NULL && max > 0) || count == NULL) {
        rv = CKR_ARGUMENTS_BAD;
    } else if (session->find == NULL) {
        rv = CKR_OPERATION_NOT_INITIALIZED;
    } else {
        /* A logout ends what a search of an administration token may see. */
        while (n < max && ot_slot_shows_objects(session->slot) &&
               ot_find_next(session->find, &objects[n]))
            if (n++ == 0)
                ot_session_expect(session, objects[0]);
        *count = n;
        if (session->find->is_damaged)
            damaged = session->slot->view;
    }
    ot_session_drop_in(session);
    if (damaged != NULL)
        complain_of_damage(damaged); /* not under the lock: this writes to the log */
    ot_inside_leave(ot_inside_door(handle));
    return rv;
}

CK_RV C_FindObjectsFinal(CK_SESSION_HANDLE handle)
{
    struct ot_session *session;
    struct ot_find *find;
    CK_RV rv = ot_session_take(handle, &session);

    if (rv != CKR_OK)
        return rv;
    find = session->find;
    session->find = NULL;
    ot_session_drop(session);
    if (find == NULL)
        return CKR_OPERATION_NOT_INITIALIZED;
    ot_find_free(find);
    return CKR_OK;
}
