#include "login_internal.h"

#include <stdlib.h>

#include "key_page_internal.h"

CK_RV ot_login_new(struct ot_login **out, const struct ot_locking *locking)
{
    struct ot_login *login = calloc(1, sizeof(*login));
    CK_RV rv;

    if (login == NULL)
        return CKR_HOST_MEMORY;
    rv = ot_lock_init(&login->lock, locking);
    if (rv != CKR_OK) {
        free(login);
        return rv;
    }
    *out = login;
    return CKR_OK;
}

void ot_login_free(struct ot_login *login)
{
    if (login == NULL)
        return;
    ot_lock_clear(&login->lock);
    ot_key_page_unref(login->key);
    free(login);
}

void ot_login_free_inherited(struct ot_login *login)
{
    if (login == NULL)
        return;
    ot_key_page_abandon(login->key);
    free(login);
}

/* The lock is held; the key is the caller's to let go of. */
static struct ot_key_page *end_login(struct ot_login *login)
{
    struct ot_key_page *key = login->key;

    login->key = NULL;
    atomic_store_explicit(&login->who, OT_NOBODY, memory_order_release);
    return key;
}

CK_RV ot_login_enter(struct ot_login *login, bool is_read_write)
{
    CK_RV rv = ot_lock_take(&login->lock);

    if (rv != CKR_OK)
        return rv;
    if (is_read_write)
        login->read_write++;
    else if (ot_login_who(login) == OT_SECURITY_OFFICER)
        rv = CKR_SESSION_READ_WRITE_SO_EXISTS;
    else
        login->read_only++;
    ot_lock_drop(&login->lock);
    return rv;
}

void ot_login_leave(struct ot_login *login, bool is_read_write)
{
    struct ot_key_page *key = NULL;

    if (ot_lock_take(&login->lock) != CKR_OK)
        return;
    if (is_read_write)
        login->read_write--;
    else
        login->read_only--;
    if (login->read_write == 0 && login->read_only == 0)
        key = end_login(login);
    ot_lock_drop(&login->lock);
    ot_key_page_unref(key);
}

unsigned long ot_login_read_write(struct ot_login *login)
{
    unsigned long count;

    if (ot_lock_take(&login->lock) != CKR_OK)
        return 0;
    count = login->read_write;
    ot_lock_drop(&login->lock);
    return count;
}

struct ot_key_page *ot_login_key(struct ot_login *login)
{
    struct ot_key_page *key;

    if (ot_lock_take(&login->lock) != CKR_OK)
        return NULL;
    key = login->key != NULL ? ot_key_page_ref(login->key) : NULL;
    ot_lock_drop(&login->lock);
    return key;
}

/* Whether who may log in now; the lock is held. */
static CK_RV check_state(const struct ot_login *login, enum ot_user who)
{
    enum ot_user is_in = ot_login_who(login);

    if (is_in != OT_NOBODY)
        return is_in == who ? CKR_USER_ALREADY_LOGGED_IN
                            : CKR_USER_ANOTHER_ALREADY_LOGGED_IN;
    return who == OT_SECURITY_OFFICER && login->read_only > 0
               ? CKR_SESSION_READ_ONLY_EXISTS
               : CKR_OK;
}

CK_RV ot_login_begin(struct ot_login *login, enum ot_user who, struct ot_key_page *key)
{
    CK_RV rv = ot_lock_take(&login->lock);

    if (rv != CKR_OK)
        return rv;
    rv = check_state(login, who);
    if (rv == CKR_OK && key != NULL) {
        login->key = key;
        atomic_store_explicit(&login->who, who, memory_order_release);
    }
    ot_lock_drop(&login->lock);
    return rv;
}

CK_RV ot_login_end(struct ot_login *login)
{
    struct ot_key_page *key;
    CK_RV rv = ot_lock_take(&login->lock);

    if (rv != CKR_OK)
        return rv;
    key = end_login(login);
    ot_lock_drop(&login->lock);
    ot_key_page_unref(key);
    return key != NULL ? CKR_OK : CKR_USER_NOT_LOGGED_IN;
}
