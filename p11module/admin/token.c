/* What a token of orgtrust-admin-pkcs11.so is: one that shows all, to who has logged in,
 * and that can be written. */
#include "admin_internal.h"
#include "cryptoki_3.h"
#include "errand/errand.h"
#include "login_internal.h"
#include "module.h"
#include "slot.h"

static CK_RV make_login(struct ot_slot *slot, const struct ot_locking *locking)
{
    struct ot_login *login = NULL;
    CK_RV rv = ot_login_new(&login, locking);

    slot->own = login;
    return rv;
}

static void clear_login(struct ot_slot *slot, bool is_inherited)
{
    if (is_inherited)
        ot_login_free_inherited(ot_admin_login(slot));
    else
        ot_login_free(ot_admin_login(slot));
    slot->own = NULL;
}

static CK_RV open_admin_session(struct ot_slot *slot, bool is_read_write)
{
    return ot_login_enter(ot_admin_login(slot), is_read_write);
}

static void close_session(struct ot_slot *slot, bool is_read_write)
{
    ot_login_leave(ot_admin_login(slot), is_read_write);
}

static bool shows_objects(const struct ot_slot *slot)
{
    return ot_login_who(ot_admin_login(slot)) != OT_NOBODY;
}

static CK_STATE login_state(const struct ot_slot *slot, bool is_read_write)
{
    switch (ot_login_who(ot_admin_login(slot))) {
    case OT_USER:
        return is_read_write ? CKS_RW_USER_FUNCTIONS : CKS_RO_USER_FUNCTIONS;
    case OT_SECURITY_OFFICER:
        return CKS_RW_SO_FUNCTIONS;
    case OT_NOBODY:
        break;
    }
    return is_read_write ? CKS_RW_PUBLIC_SESSION : CKS_RO_PUBLIC_SESSION;
}

static void describe_admin_token(struct ot_slot *slot, CK_TOKEN_INFO *info)
{
    info->flags = CKF_LOGIN_REQUIRED | CKF_USER_PIN_INITIALIZED | CKF_TOKEN_INITIALIZED;
    info->ulMaxRwSessionCount = CK_EFFECTIVELY_INFINITE;
    info->ulRwSessionCount = ot_login_read_write(ot_admin_login(slot));
    info->ulMinPinLen = OT_PIN_MIN;
    info->ulMaxPinLen = OT_PIN_MAX;
}

static const struct ot_token_rules rules = {.word = "admin",
                                            .is_allowed = ot_errand_is_allowed,
                                            .init = make_login,
                                            .clear = clear_login,
                                            .open = open_admin_session,
                                            .close = close_session,
                                            .shows_objects = shows_objects,
                                            .state = login_state,
                                            .describe = describe_admin_token};

CK_RV C_Initialize(void *args)
{
    return ot_module_initialize(
        args, &(const struct ot_module_kind){
                  .rules = &rules, .description = "Administers an organization"});
}
