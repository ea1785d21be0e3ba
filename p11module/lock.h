/* Locks as the application wants them (C_Initialize, §5.4): its own mutexes where it
 * insists on them, the system's otherwise. Also where it says that it has one thread
 * only: many that say so have more, and a lock that nobody contends costs nothing. */
#ifndef OT_P11_LOCK_H
#define OT_P11_LOCK_H

#include <pthread.h>
#include <stdbool.h>

#include "cryptoki_3.h"

struct ot_locking {
    CK_CREATEMUTEX create; /* NULL: the system's */
    CK_DESTROYMUTEX destroy;
    CK_LOCKMUTEX lock;
    CK_UNLOCKMUTEX unlock;
};

struct ot_lock {
    const struct ot_locking *locking; /* NULL: not initialised */
    void *mutex;                      /* the application's */
    pthread_mutex_t system;
};

/* From what C_Initialize was given (NULL: nothing). CKR_ARGUMENTS_BAD: some functions
 * are there and others missing. pReserved is not looked at: p11-kit and NSS
 * pass a string in it, others a number, and a module whose C_Initialize fails is dropped
 * without a word. */
CK_RV ot_locking_init(struct ot_locking *locking, const CK_C_INITIALIZE_ARGS *args);

/* locking must outlive the lock. */
CK_RV ot_lock_init(struct ot_lock *lock, const struct ot_locking *locking);
void ot_lock_clear(struct ot_lock *lock);

/* Not CKR_OK only where the application's function fails; then it is not locked. */
CK_RV ot_lock_take(struct ot_lock *lock);
void ot_lock_drop(struct ot_lock *lock);

/* In a forked child, of a lock of its parent: whether no thread had it when it forked. An
 * application's mutexes cannot be asked. */
bool ot_lock_was_free(struct ot_lock *lock);

#endif
