#include "lock.h"

#include <errno.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

CK_RV ot_locking_init(struct ot_locking *locking, const CK_C_INITIALIZE_ARGS *args)
{
    int given;

    memset(locking, 0, sizeof(*locking));
    if (args == NULL)
        return CKR_OK;
    given = (args->CreateMutex != NULL) + (args->DestroyMutex != NULL) +
            (args->LockMutex != NULL) + (args->UnlockMutex != NULL);
    if (given != 0 && given != 4)
        return CKR_ARGUMENTS_BAD;
    if (given == 0 || (args->flags & CKF_OS_LOCKING_OK) != 0)
        return CKR_OK;
    locking->create = args->CreateMutex;
    locking->destroy = args->DestroyMutex;
    locking->lock = args->LockMutex;
    locking->unlock = args->UnlockMutex;
    return CKR_OK;
}

CK_RV ot_lock_init(struct ot_lock *lock, const struct ot_locking *locking)
{
    lock->mutex = NULL;
    if (locking->create != NULL && locking->create(&lock->mutex) != CKR_OK)
        return CKR_CANT_LOCK;
    atomic_init(&lock->state, locking->create != NULL ? OT_LOCK_FOREIGN : OT_LOCK_FREE);
    lock->locking = locking;
    return CKR_OK;
}

void ot_lock_clear(struct ot_lock *lock)
{
    if (lock->locking != NULL && lock->locking->destroy != NULL)
        (void)lock->locking->destroy(lock->mutex);
    lock->locking = NULL;
}

static void call_futex(struct ot_lock *lock, int operation, unsigned value)
{
    int saved = errno;

    (void)syscall(SYS_futex, &lock->state, operation, value, NULL, NULL, 0);
    errno = saved;
}

/* Whoever has waited once cannot know that nobody else does, and so takes the lock as one
 * that is waited for. */
CK_RV ot_lock_wait(struct ot_lock *lock)
{
    if (lock->locking->lock != NULL)
        return lock->locking->lock(lock->mutex) == CKR_OK ? CKR_OK : CKR_GENERAL_ERROR;
    while (atomic_exchange_explicit(&lock->state, OT_LOCK_AWAITED,
                                    memory_order_acquire) != OT_LOCK_FREE)
        call_futex(lock, FUTEX_WAIT_PRIVATE, OT_LOCK_AWAITED);
    return CKR_OK;
}

void ot_lock_wake(struct ot_lock *lock)
{
    if (lock->locking->unlock != NULL) {
        (void)lock->locking->unlock(lock->mutex);
        return;
    }
    atomic_store_explicit(&lock->state, OT_LOCK_FREE, memory_order_release);
    call_futex(lock, FUTEX_WAKE_PRIVATE, 1);
}

bool ot_lock_was_free(struct ot_lock *lock)
{
    return atomic_load_explicit(&lock->state, memory_order_acquire) == OT_LOCK_FREE;
}
