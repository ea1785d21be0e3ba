#include "session.h"

#include <limits.h>
#include <stdlib.h>
#include <time.h>

#include "module.h"

/* A handle: count, place, shard. 13 bits of places and 3 of shards leave 16 bits of count
 * on a 32-bit machine. */
#define SHARD_BITS 3u
#define PLACE_BITS 13u
#define PLACES_MAX ((size_t)1 << PLACE_BITS)
#define FIRST_PLACES 8u

_Static_assert(OT_SESSION_SHARDS == 1u << SHARD_BITS, "the bits of a handle");

CK_RV ot_session_table_init(struct ot_session_table *table,
                            const struct ot_locking *locking)
{
    CK_RV rv = CKR_OK;
    size_t i;

    for (i = 0; i < OT_SESSION_SHARDS && rv == CKR_OK; i++)
        rv = ot_lock_init(&table->shards[i].lock, locking);
    return rv;
}

static void session_free(struct ot_session *session)
{
    atomic_fetch_sub(&session->slot->sessions, 1);
    ot_find_free(session->find);
    ot_snapshot_unref(session->snapshot);
    free(session);
}

static void free_sessions(struct ot_shard *shard)
{
    size_t place;

    for (place = 0; place < shard->room; place++)
        if (shard->sessions[place] != NULL)
            session_free(shard->sessions[place]);
    free(shard->sessions);
}

void ot_session_table_clear(struct ot_session_table *table)
{
    size_t i;

    for (i = 0; i < OT_SESSION_SHARDS; i++) {
        free_sessions(&table->shards[i]);
        ot_lock_clear(&table->shards[i].lock);
    }
}

void ot_session_table_clear_inherited(struct ot_session_table *table)
{
    size_t i;

    for (i = 0; i < OT_SESSION_SHARDS; i++)
        if (ot_lock_was_free(&table->shards[i].lock))
            free_sessions(&table->shards[i]);
}

/* A free place in the shard, whose lock is held. */
static CK_RV find_place(struct ot_shard *shard, size_t *place)
{
    struct ot_session **grown;
    size_t room;

    while (shard->first_free < shard->room && shard->sessions[shard->first_free] != NULL)
        shard->first_free++;
    if (shard->first_free == shard->room) {
        if (shard->room == PLACES_MAX)
            return CKR_SESSION_COUNT;
        room = shard->room == 0 ? FIRST_PLACES : 2 * shard->room;
        grown = realloc(shard->sessions, room * sizeof(struct ot_session *));
        if (grown == NULL)
            return CKR_HOST_MEMORY;
        shard->sessions = grown;
        while (shard->room < room)
            shard->sessions[shard->room++] = NULL;
    }
    *place = shard->first_free;
    return CKR_OK;
}

static CK_SESSION_HANDLE make_handle(struct ot_shard *shard, size_t number, size_t place)
{
    const CK_ULONG most = ULONG_MAX >> (SHARD_BITS + PLACE_BITS);

    shard->opened = shard->opened == most ? 1 : shard->opened + 1; /* never 0 */
    return shard->opened << (SHARD_BITS + PLACE_BITS) | place << SHARD_BITS | number;
}

/* The handle is told while the session cannot be closed yet. */
static CK_RV add_session(struct ot_session_table *table, struct ot_session *session,
                         CK_SESSION_HANDLE *handle)
{
    size_t number = atomic_fetch_add(&table->turn, 1) % OT_SESSION_SHARDS, place;
    struct ot_shard *shard = &table->shards[number];
    CK_RV rv = ot_lock_take(&shard->lock);

    if (rv != CKR_OK)
        return rv;
    rv = find_place(shard, &place);
    if (rv == CKR_OK && session->slot->aspect.is_admin)
        rv = ot_login_enter(&session->slot->login, session->is_read_write);
    if (rv == CKR_OK) {
        session->handle = make_handle(shard, number, place);
        session->shard = shard;
        shard->sessions[place] = session;
        *handle = session->handle;
        atomic_fetch_add(&session->slot->sessions, 1);
    }
    ot_lock_drop(&shard->lock);
    return rv;
}

/* Takes a session out of its place; its shard's lock is held. */
static void remove_session(struct ot_session *session)
{
    struct ot_shard *shard = session->shard;
    size_t place = (session->handle >> SHARD_BITS) & (PLACES_MAX - 1);

    shard->sessions[place] = NULL;
    if (place < shard->first_free)
        shard->first_free = place;
    if (session->slot->aspect.is_admin)
        ot_login_leave(&session->slot->login, session->is_read_write);
}

CK_RV ot_session_take_in(struct ot_module *module, CK_SESSION_HANDLE handle,
                         struct ot_session **out)
{
    size_t place = (handle >> SHARD_BITS) & (PLACES_MAX - 1);
    struct ot_shard *shard = &module->sessions.shards[ot_inside_door(handle)];
    CK_RV rv = ot_lock_take(&shard->lock);

    if (rv != CKR_OK)
        return rv;
    if (place < shard->room && shard->sessions[place] != NULL &&
        shard->sessions[place]->handle == handle) {
        *out = shard->sessions[place];
        return CKR_OK;
    }
    ot_lock_drop(&shard->lock);
    return CKR_SESSION_HANDLE_INVALID;
}

void ot_session_drop_in(struct ot_session *session)
{
    ot_lock_drop(&session->shard->lock);
}

CK_RV ot_session_take(CK_SESSION_HANDLE handle, struct ot_session **out)
{
    struct ot_module *module = ot_inside_enter(ot_inside_door(handle));
    CK_RV rv;

    if (module == NULL)
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    rv = ot_session_take_in(module, handle, out);
    if (rv != CKR_OK)
        ot_inside_leave(ot_inside_door(handle));
    return rv;
}

void ot_session_drop(struct ot_session *session)
{
    unsigned door = ot_inside_door(session->handle);

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

/* Notices what the slot's last look has brought, by any session. */
static void refresh(struct ot_session *session)
{
    if (session->looks == atomic_load(&session->slot->view->looks))
        return;
    ot_snapshot_unref(session->snapshot);
    session->last_handle = CK_INVALID_HANDLE;
    session->snapshot = ot_view_newest(session->slot->view, &session->looks);
}

const struct ot_object *ot_session_object(struct ot_session *session,
                                          CK_OBJECT_HANDLE handle)
{
    const struct ot_aspect *aspect = &session->slot->aspect;
    int64_t now = (int64_t)time(NULL);

    if (!ot_slot_shows_objects(session->slot))
        return NULL;
    refresh(session);
    if (handle == session->last_handle && handle != CK_INVALID_HANDLE &&
        ot_object_renew(&session->last, now))
        return &session->last;
    session->last_handle = CK_INVALID_HANDLE;
    if (ot_object_find(&session->last, handle, session->snapshot, aspect, now)) {
        session->last_handle = handle;
        return &session->last;
    }
    /* Not kept: the search may let go of its snapshot. */
    if (session->find != NULL &&
        ot_object_find(&session->last, handle, session->find->snapshot, aspect, now))
        return &session->last;
    return NULL;
}

void ot_session_expect(struct ot_session *session, CK_OBJECT_HANDLE handle)
{
    refresh(session);
    if (session->find->snapshot != session->snapshot)
        return;
    session->last = session->find->object;
    session->last_handle = handle;
}

static CK_RV open_session(struct ot_module *module, struct ot_slot *slot, CK_FLAGS flags,
                          CK_SESSION_HANDLE *handle)
{
    struct ot_session *session;
    CK_RV rv;

    if (handle == NULL)
        return CKR_ARGUMENTS_BAD;
    if ((flags & CKF_SERIAL_SESSION) == 0)
        return CKR_SESSION_PARALLEL_NOT_SUPPORTED;
    if ((flags & CKF_ASYNC_SESSION) != 0)
        return CKR_SESSION_ASYNC_NOT_SUPPORTED;
    if ((flags & CKF_RW_SESSION) != 0 && !slot->aspect.is_admin)
        return CKR_TOKEN_WRITE_PROTECTED;
    session = calloc(1, sizeof(*session));
    if (session == NULL)
        return CKR_HOST_MEMORY;
    session->slot = slot;
    session->is_read_write = (flags & CKF_RW_SESSION) != 0;
    rv = add_session(&module->sessions, session, handle);
    if (rv != CKR_OK)
        free(session);
    return rv;
}

CK_RV C_OpenSession(CK_SLOT_ID slot_id, CK_FLAGS flags, void *application,
                    CK_NOTIFY notify, CK_SESSION_HANDLE *handle)
{
    const unsigned door = ot_inside_door(slot_id);
    struct ot_module *module = ot_inside_enter(door);
    struct ot_slot *slot;
    CK_RV rv = CKR_SLOT_ID_INVALID;

    (void)application; /* there is nothing to notify of */
    (void)notify;
    if (module == NULL)
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    slot = ot_module_slot(module, slot_id);
    if (slot != NULL)
        rv = open_session(module, slot, flags, handle);
    ot_inside_leave(door);
    return rv;
}

CK_RV C_CloseSession(CK_SESSION_HANDLE handle)
{
    struct ot_session *session;
    CK_RV rv = ot_session_take(handle, &session);

    if (rv != CKR_OK)
        return rv;
    remove_session(session);
    ot_session_drop_in(session);
    session_free(session);
    ot_inside_leave(ot_inside_door(handle));
    return CKR_OK;
}

static CK_RV close_all_in(struct ot_shard *shard, const struct ot_slot *slot)
{
    struct ot_session *session;
    CK_RV rv = ot_lock_take(&shard->lock);
    size_t place;

    if (rv != CKR_OK)
        return rv;
    for (place = 0; place < shard->room; place++) {
        session = shard->sessions[place];
        if (session == NULL || session->slot != slot)
            continue;
        remove_session(session);
        session_free(session);
    }
    ot_lock_drop(&shard->lock);
    return CKR_OK;
}

CK_RV C_CloseAllSessions(CK_SLOT_ID slot_id)
{
    const unsigned door = ot_inside_door(slot_id);
    struct ot_module *module = ot_inside_enter(door);
    struct ot_slot *slot;
    CK_RV rv = CKR_OK;
    size_t i;

    if (module == NULL)
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    slot = ot_module_slot(module, slot_id);
    if (slot == NULL)
        rv = CKR_SLOT_ID_INVALID;
    for (i = 0; i < OT_SESSION_SHARDS && rv == CKR_OK; i++)
        rv = close_all_in(&module->sessions.shards[i], slot);
    ot_inside_leave(door);
    return rv;
}

/* §5.6.1, figures of session states. Nobody logs in to a trust token. */
static CK_STATE state_of(const struct ot_session *session)
{
    switch (ot_login_who(&session->slot->login)) {
    case OT_USER:
        return session->is_read_write ? CKS_RW_USER_FUNCTIONS : CKS_RO_USER_FUNCTIONS;
    case OT_SECURITY_OFFICER:
        return CKS_RW_SO_FUNCTIONS;
    case OT_NOBODY:
        break;
    }
    return session->is_read_write ? CKS_RW_PUBLIC_SESSION : CKS_RO_PUBLIC_SESSION;
}

CK_RV C_GetSessionInfo(CK_SESSION_HANDLE handle, CK_SESSION_INFO *info)
{
    struct ot_session *session;
    CK_RV rv = ot_session_take(handle, &session);

    if (rv != CKR_OK)
        return rv;
    if (info != NULL)
        *info = (CK_SESSION_INFO){.slotID = session->slot->id,
                                  .state = state_of(session),
                                  .flags = CKF_SERIAL_SESSION |
                                           (session->is_read_write ? CKF_RW_SESSION : 0)};
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
