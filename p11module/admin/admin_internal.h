/* What an administration token has done for it: errands of the orgtrust command, with the
 * key of who is logged in. */
#ifndef OT_P11_ADMIN_INTERNAL_H
#define OT_P11_ADMIN_INTERNAL_H

#include "base/limits.h"
#include "base/span.h"
#include "cryptoki_3.h"
#include "slot.h"

struct ot_errand_result;
struct ot_key_page;
struct ot_login;
struct ot_session;
struct ot_slot;

/* The lengths of a PIN that CK_TOKEN_INFO tells: those of a key. A program that holds to
 * them may not let its user type the word `config`. */
#define OT_PIN_MIN ((CK_ULONG)OT_KEY_LEN_MIN)
#define OT_PIN_MAX 255u

static inline struct ot_login *ot_admin_login(const struct ot_slot *slot)
{
    return slot->own;
}

/* What a call is about: one status means different things to different calls. */
enum ot_admin_call {
    OT_ADMIN_CALL_LOGIN,
    OT_ADMIN_CALL_CREATE,
    OT_ADMIN_CALL_SET,
    OT_ADMIN_CALL_DESTROY
};

/* What a call may do, taken out of its session: an errand takes long, and the session may
 * be closed meanwhile. */
struct ot_authorization {
    struct ot_slot *slot;
    struct ot_key_page *key; /* NULL: none has been taken */
    unsigned door;           /* of the module, in which the call stays with it */
    int cancel;              /* what the thread's state was before */
};

/* From a session that is taken. CKR_SESSION_READ_ONLY; CKR_USER_NOT_LOGGED_IN. Until it
 * is dropped, which may always be done, the thread cannot be cancelled: the key would
 * stay. */
CK_RV ot_authorization_take(struct ot_authorization *authorization,
                            struct ot_session *session);
void ot_authorization_drop(struct ot_authorization *authorization);

/* Has the command carried out. arguments are as in ot_errand, and what the command reads
 * may be absent. What went wrong is logged, and told to the user. Afterwards the newest
 * snapshot has been looked at. */
CK_RV ot_authorization_use(const struct ot_authorization *authorization,
                           enum ot_admin_call call, const char *const *arguments,
                           struct ot_span input, struct ot_errand_result *result);

/* Tells the user that a PIN is no key, and that nobody was asked. */
void ot_admin_refuse_pin(const struct ot_slot *slot);

/* Whether the organization knows a key: a sync with it, which also brings the newest
 * state. */
CK_RV ot_admin_try_key(struct ot_slot *slot, struct ot_key_page *key);

#endif
