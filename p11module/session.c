#include "session.h"

#include <limits.h>
#include <stdlib.h>
#include <time.h>

#include "find_internal.h"
#include "slot.h"
#include "snapshot/snapshot.h"
#include "view.h"

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

    for (unsigned i = 0; i < OT_SESSION_SHARDS && rv == CKR_OK; i++) {
        table->shards[i].number = i;
        rv = ot_lock_init(&table->shards[i].lock, locking);
    }
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
    for (size_t place = 0; place < shard->room; place++)
        if (shard->sessions[place] != NULL)
            session_free(shard->sessions[place]);
    free(shard->sessions);
}

void ot_session_table_clear(struct ot_session_table *table)
{
    for (size_t i = 0; i < OT_SESSION_SHARDS; i++) {
        free_sessions(&table->shards[i]);
        ot_lock_clear(&table->shards[i].lock);
    }
}

void ot_session_table_clear_inherited(struct ot_session_table *table)
{
    for (size_t i = 0; i < OT_SESSION_SHARDS; i++)
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

static CK_SESSION_HANDLE make_handle(struct ot_shard *shard, size_t place)
{
    const CK_ULONG most = ULONG_MAX >> (SHARD_BITS + PLACE_BITS);

    shard->opened = shard->opened == most ? 1 : shard->opened + 1; /* never 0 */
    return shard->opened << (SHARD_BITS + PLACE_BITS) | place << SHARD_BITS |
           shard->number;
}

/* The handle is told while the session cannot be closed yet. */
static CK_RV add_session(struct ot_session_table *table, struct ot_session *session,
                         CK_SESSION_HANDLE *handle)
{
    unsigned turn = atomic_fetch_add(&table->turn, 1);
    struct ot_shard *shard = &table->shards[turn % OT_SESSION_SHARDS];
    CK_RV rv = ot_lock_take(&shard->lock);
    size_t place;

    if (rv != CKR_OK)
        return rv;
    rv = find_place(shard, &place);
    if (rv == CKR_OK)
        rv = ot_slot_open(session->slot, session->is_read_write);
    if (rv == CKR_OK) {
        session->handle = make_handle(shard, place);
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
    ot_slot_close(session->slot, session->is_read_write);
}

CK_RV ot_session_take_in(struct ot_session_table *table, CK_SESSION_HANDLE handle,
                         struct ot_session **out)
{
    size_t place = (handle >> SHARD_BITS) & (PLACES_MAX - 1);
    struct ot_shard *shard = &table->shards[ot_inside_door(handle)];
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

CK_RV ot_session_open(struct ot_session_table *table, struct ot_slot *slot,
                      bool is_read_write, CK_SESSION_HANDLE *handle)
{
    struct ot_session *session = calloc(1, sizeof(*session));
    CK_RV rv;

    if (session == NULL)
        return CKR_HOST_MEMORY;
    session->slot = slot;
    session->is_read_write = is_read_write;
    rv = add_session(table, session, handle);
    if (rv != CKR_OK)
        free(session);
    return rv;
}

void ot_session_close(struct ot_session *session)
{
    remove_session(session);
    ot_session_drop_in(session);
    session_free(session);
}

static CK_RV close_all_in(struct ot_shard *shard, const struct ot_slot *slot)
{
    struct ot_session *session;
    CK_RV rv = ot_lock_take(&shard->lock);

    if (rv != CKR_OK)
        return rv;
    for (size_t place = 0; place < shard->room; place++) {
        session = shard->sessions[place];
        if (session == NULL || session->slot != slot)
            continue;
        remove_session(session);
        session_free(session);
    }
    ot_lock_drop(&shard->lock);
    return CKR_OK;
}

CK_RV ot_session_close_all(struct ot_session_table *table, const struct ot_slot *slot)
{
    CK_RV rv = CKR_OK;

    for (size_t i = 0; i < OT_SESSION_SHARDS && rv == CKR_OK; i++)
        rv = close_all_in(&table->shards[i], slot);
    return rv;
}

/* Notices what the slot's last look has brought, by any session. */
static void refresh_view(struct ot_session *session)
{
    if (session->looks == atomic_load(&session->slot->view->looks))
        return;
    ot_snapshot_unref(session->snapshot);
    session->last_handle = CK_INVALID_HANDLE;
    session->snapshot = ot_view_newest(session->slot->view, &session->looks);
}

/* The one question of many that is about another object than the one before: out of the
 * way of these. Snapshots do not change, so that a record is verified when it is found,
 * and not again while it is the last one that was asked for. */
__attribute__((noinline)) static bool find_object(struct ot_session *session,
                                                  CK_OBJECT_HANDLE handle, int64_t now)
{
    const struct ot_token_policy *policy = &session->slot->policy;
    bool has_last = session->last_handle != CK_INVALID_HANDLE;

    session->last_handle = CK_INVALID_HANDLE;
    if ((has_last &&
         ot_object_follow(&session->last, handle, session->snapshot, policy, now)) ||
        ot_object_find(&session->last, handle, session->snapshot, policy, now)) {
        session->last_handle = handle;
        return true;
    }
    /* Not kept: the search may let go of its snapshot. */
    return session->find != NULL &&
           ot_object_find(&session->last, handle, session->find->candidates.snapshot,
                          policy, now);
}

const struct ot_object *ot_session_object(struct ot_session *session,
                                          CK_OBJECT_HANDLE handle)
{
    int64_t now = (int64_t)time(NULL);

    if (!ot_slot_shows_objects(session->slot))
        return NULL;
    refresh_view(session);
    if ((handle == session->last_handle && handle != CK_INVALID_HANDLE &&
         ot_object_is_current(&session->last, now)) ||
        find_object(session, handle, now))
        return &session->last;
    return NULL;
}

void ot_session_expect(struct ot_session *session, CK_OBJECT_HANDLE handle)
{
    refresh_view(session);
    if (session->find->candidates.snapshot != session->snapshot)
        return;
    session->last = session->find->object;
    session->last_handle = handle;
}
