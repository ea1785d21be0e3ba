/* Sessions. A handle is a place in a table and a count that tells who had the place
 * before; it is never a pointer. The table is in shards, each with its lock: threads meet
 * only in one of eight, and for as long as a call works on its session. */
#ifndef OT_P11_SESSION_H
#define OT_P11_SESSION_H

#include <stdatomic.h>

#include "attribute.h"
#include "cryptoki_3.h"
#include "inside.h"
#include "lock.h"
#include "object.h"

struct ot_find;
struct ot_slot;
struct ot_snapshot;

#define OT_SESSION_SHARDS OT_DOORS

struct ot_session {
    CK_SESSION_HANDLE handle;
    struct ot_slot *slot;
    struct ot_shard *shard;
    bool is_read_write;
    struct ot_find *find; /* NULL: no search */
    /* The newest snapshot, as this session knows it, and the object that was asked for
     * last: its attributes are read one call after the other. */
    struct ot_snapshot *snapshot;
    unsigned looks; /* of the slot, when this was taken */
    CK_OBJECT_HANDLE last_handle;
    struct ot_object last;
    union ot_scratch scratch; /* of a value that is being read */
};

struct ot_shard {
    struct ot_lock lock;
    unsigned number; /* which it is, and by which door calls about its sessions come */
    struct ot_session **sessions;
    size_t room;
    size_t first_free; /* no place before it is free */
    CK_ULONG opened;   /* ever */
};

struct ot_session_table {
    struct ot_shard shards[OT_SESSION_SHARDS];
    atomic_uint turn; /* in which shard the next session goes */
};

CK_RV ot_session_table_init(struct ot_session_table *table,
                            const struct ot_locking *locking);
void ot_session_table_clear(struct ot_session_table *table);
/* The same in a forked child, which leaves behind what a thread of its parent was at. */
void ot_session_table_clear_inherited(struct ot_session_table *table);

/* Opens one and tells its handle, before which nobody can close it. CKR_HOST_MEMORY,
 * CKR_SESSION_COUNT, or what the slot has against it. */
CK_RV ot_session_open(struct ot_session_table *table, struct ot_slot *slot,
                      bool is_read_write, CK_SESSION_HANDLE *handle);

/* The session for this thread alone, until it is dropped or closed. call.h has the same
 * for a call that has not entered the module yet. CKR_SESSION_HANDLE_INVALID or
 * CKR_GENERAL_ERROR (a mutex of the application's fails). */
CK_RV ot_session_take_in(struct ot_session_table *table, CK_SESSION_HANDLE handle,
                         struct ot_session **out);
void ot_session_drop_in(struct ot_session *session);
void ot_session_close(struct ot_session *session);

/* All of a slot. */
CK_RV ot_session_close_all(struct ot_session_table *table, const struct ot_slot *slot);

/* The object behind a handle: in the newest snapshot, else in that of this session's
 * search. NULL when it is gone, or hidden from who has not logged in. It lives until the
 * session is dropped. */
const struct ot_object *ot_session_object(struct ot_session *session,
                                          CK_OBJECT_HANDLE handle);

/* The session's search has just found this object: it is mostly read next, and then need
 * not be looked for again. */
void ot_session_expect(struct ot_session *session, CK_OBJECT_HANDLE handle);

#endif
