#include "lock.h"

#include <string.h>

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
    if (locking->create != NULL) {
        if (locking->create(&lock->mutex) != CKR_OK)
            return CKR_CANT_LOCK;
    } else if (pthread_mutex_init(&lock->system, NULL) != 0) {
        return CKR_CANT_LOCK;
    }
    lock->locking = locking;
    return CKR_OK;
}

void ot_lock_clear(struct ot_lock *lock)
{
    if (lock->locking == NULL)
        return;
    if (lock->locking->destroy != NULL)
        (void)lock->locking->destroy(lock->mutex);
    else
        (void)pthread_mutex_destroy(&lock->system);
    lock->locking = NULL;
}

CK_RV ot_lock_take(struct ot_lock *lock)
{
    if (lock->locking->lock != NULL)
        return lock->locking->lock(lock->mutex) == CKR_OK ? CKR_OK : CKR_GENERAL_ERROR;
    (void)pthread_mutex_lock(&lock->system);
    return CKR_OK;
}

bool ot_lock_was_free(struct ot_lock *lock)
{
    return lock->locking->lock == NULL && pthread_mutex_trylock(&lock->system) == 0;
}

void ot_lock_drop(struct ot_lock *lock)
{
    if (lock->locking->unlock != NULL)
        (void)lock->locking->unlock(lock->mutex);
    else
        (void)pthread_mutex_unlock(&lock->system);
}
