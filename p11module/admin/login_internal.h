/* Who is logged in to an administration token, with which key. PKCS#11 has one login for
 * all sessions that an application has with a token (§5.6.1); it ends with the last.
 *
 * Lock order: a session's shard, then this. */
#ifndef OT_P11_LOGIN_INTERNAL_H
#define OT_P11_LOGIN_INTERNAL_H

#include <stdatomic.h>
#include <stdbool.h>

#include "cryptoki_3.h"
#include "lock.h"

struct ot_key_page;

/* What the numbers PKCS#11 has for users, and for no user, are here. */
enum ot_user { OT_NOBODY, OT_USER, OT_SECURITY_OFFICER };

struct ot_login {
    struct ot_lock lock;
    /* All guarded; who is also read without. */
    atomic_int who; /* enum ot_user */
    struct ot_key_page *key;
    unsigned long read_only, read_write; /* sessions */
};

/* Nobody is logged in. locking must outlive it. */
CK_RV ot_login_new(struct ot_login **out, const struct ot_locking *locking);
void ot_login_free(struct ot_login *login);           /* NULL is fine */
void ot_login_free_inherited(struct ot_login *login); /* in a forked child; likewise */

static inline enum ot_user ot_login_who(const struct ot_login *login)
{
    return (enum ot_user)atomic_load_explicit(&login->who, memory_order_acquire);
}

/* A session is opened: CKR_SESSION_READ_WRITE_SO_EXISTS where it may not. */
CK_RV ot_login_enter(struct ot_login *login, bool is_read_write);
/* It is closed; the last one ends the login. */
void ot_login_leave(struct ot_login *login, bool is_read_write);

/* How many of the sessions can write. */
unsigned long ot_login_read_write(struct ot_login *login);

/* Logs in, and takes over a reference to the key. With key NULL: only whether it would
 * do. */
CK_RV ot_login_begin(struct ot_login *login, enum ot_user who, struct ot_key_page *key);
/* CKR_USER_NOT_LOGGED_IN */
CK_RV ot_login_end(struct ot_login *login);

/* Another reference to the key; NULL: nobody is logged in. */
struct ot_key_page *ot_login_key(struct ot_login *login);

#endif
