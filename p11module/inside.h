/* Who is inside the module: every call enters and leaves. C_Finalize ends the module for
 * the calls that come after it at once; what it was made of is freed when nobody is
 * inside who may have seen it, by the last one to leave. So a thread may be anywhere
 * while another finalises, which hosts with two users of one module cannot know of each
 * other.
 *
 * Calls count themselves at one of eight doors, so that threads do not all write to one
 * place in memory. In a forked child the kernel has emptied the doors and the module is
 * not initialised: the parent's threads are not there. */
#ifndef OT_P11_INSIDE_H
#define OT_P11_INSIDE_H

#include <sys/types.h>

#include "cryptoki_3.h"
#include "lock.h"

/* One initialisation, as this has to know it. */
struct ot_instance {
    pid_t pid; /* whose */
    struct ot_locking locking;
    _Atomic(struct ot_instance *) next;
    unsigned empty_doors; /* seen so since it ended, as bits */
    void (*free)(struct ot_instance *instance);
    /* In a forked child, whose locks are left as they are: another thread of its parent
     * may have held one. */
    void (*free_inherited)(struct ot_instance *instance);
};

/* As many as shards of sessions: a call enters by the door of its session's shard. */
#define OT_DOORS 8u

/* Of a call about a session or a slot. */
static inline unsigned ot_inside_door(CK_ULONG number)
{
    return (unsigned)(number % OT_DOORS);
}

/* What is initialised, for this call, until it leaves by the same door. NULL: it is not
 * initialised in this process, and there is nothing to leave. */
struct ot_instance *ot_inside_enter(unsigned door);
void ot_inside_leave(unsigned door);

/* Once more for who is inside: the first to leave does not end the visit. */
void ot_inside_stay(unsigned door);

bool ot_inside_is_initialized(void);

/* Counts one more user of the module that there is: CKR_OK. CKR_CRYPTOKI_NOT_INITIALIZED:
 * there is none yet. CKR_CRYPTOKI_ALREADY_INITIALIZED: one of both users insists on
 * mutexes of its own, which are not to be called on behalf of the other. */
CK_RV ot_inside_join(const struct ot_locking *locking);

/* Makes this the one there is, with one user; or joins the one that another thread has
 * made meanwhile, and frees this. Until then its maker owns it. */
CK_RV ot_inside_install(struct ot_instance *instance);

/* One user less; the last one's going ends the module. CKR_CRYPTOKI_NOT_INITIALIZED. */
CK_RV ot_inside_part(void);

/* Frees what a forked child has of its parent. */
void ot_inside_forget_parent(void);

#endif
