/* Locks as the application wants them (C_Initialize, §5.4): its own mutexes where it
 * insists on them, a word for futex(2) otherwise: libc's mutex takes 55 instructions, a
 * third of what a call takes in all. Also where it says that it has one thread only: many
 * that say so have more, and a lock that nobody contends costs nothing. */
#ifndef OT_P11_LOCK_H
#define OT_P11_LOCK_H

#include <stdatomic.h>
#include <stdbool.h>

#include "cryptoki_3.h"

struct ot_locking {
    CK_CREATEMUTEX create; /* NULL: there are none */
    CK_DESTROYMUTEX destroy;
    CK_LOCKMUTEX lock;
    CK_UNLOCKMUTEX unlock;
};

enum ot_lock_state { OT_LOCK_FREE, OT_LOCK_HELD, OT_LOCK_AWAITED, OT_LOCK_FOREIGN };

struct ot_lock {
    const struct ot_locking *locking; /* NULL: not initialised */
    void *mutex;                      /* the application's; then the state is foreign */
    _Atomic unsigned state;           /* enum ot_lock_state */
};

/* From what C_Initialize was given (NULL: nothing). CKR_ARGUMENTS_BAD: some functions
 * are there and others missing. pReserved is not looked at: p11-kit and NSS
 * pass a string in it, others a number, and a module whose C_Initialize fails is dropped
 * without a word. */
CK_RV ot_locking_init(struct ot_locking *locking, const CK_C_INITIALIZE_ARGS *args);

/* locking must outlive the lock. */
CK_RV ot_lock_init(struct ot_lock *lock, const struct ot_locking *locking);
void ot_lock_clear(struct ot_lock *lock);

/* What take and drop do where somebody else has the lock or waits for it, and where it is
 * the application's. */
CK_RV ot_lock_wait(struct ot_lock *lock);
void ot_lock_wake(struct ot_lock *lock);

/* Not CKR_OK only where the application's function fails; then it is not locked. */
static inline CK_RV ot_lock_take(struct ot_lock *lock)
{
    unsigned seen = OT_LOCK_FREE;

    return atomic_compare_exchange_strong_explicit(&lock->state, &seen, OT_LOCK_HELD,
                                                   memory_order_acquire,
                                                   memory_order_relaxed)
               ? CKR_OK
               : ot_lock_wait(lock);
}

static inline void ot_lock_drop(struct ot_lock *lock)
{
    unsigned seen = OT_LOCK_HELD;

    if (!atomic_compare_exchange_strong_explicit(&lock->state, &seen, OT_LOCK_FREE,
                                                 memory_order_release,
                                                 memory_order_relaxed))
        ot_lock_wake(lock);
}

/* In a forked child, of a lock of its parent: whether no thread had it when it forked. An
 * application's mutexes cannot be asked. */
bool ot_lock_was_free(struct ot_lock *lock);

#endif
