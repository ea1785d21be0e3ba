#include "admin_internal.h"

#include <pthread.h>

#include "base/error.h"
#include "config/key_form.h"
#include "errand/errand.h"
#include "inside.h"
#include "key_page_internal.h"
#include "log.h"
#include "login_internal.h"
#include "session.h"
#include "slot.h"
#include "snapshot/snapshot.h"
#include "tell_internal.h"
#include "view.h"

/* Statuses that are not here are CKR_GENERAL_ERROR. */
static const struct {
    enum ot_status status;
    CK_RV login, create, set, destroy;
} codes[] = {
    {OT_OK, CKR_OK, CKR_OK, CKR_OK, CKR_OK},
    {OT_E_NOMEM, CKR_HOST_MEMORY, CKR_HOST_MEMORY, CKR_HOST_MEMORY, CKR_HOST_MEMORY},
    /* A key that was withdrawn since: log in again with another. */
    {OT_E_AUTH, CKR_PIN_INCORRECT, CKR_PIN_EXPIRED, CKR_PIN_EXPIRED, CKR_PIN_EXPIRED},
    {OT_E_FORBIDDEN, CKR_PIN_INCORRECT, CKR_TOKEN_WRITE_PROTECTED,
     CKR_TOKEN_WRITE_PROTECTED, CKR_TOKEN_WRITE_PROTECTED},
    {OT_E_NOT_FOUND, CKR_GENERAL_ERROR, CKR_OBJECT_HANDLE_INVALID,
     CKR_OBJECT_HANDLE_INVALID, CKR_OBJECT_HANDLE_INVALID},
    /* What the command finds wrong with an input before it asks anybody is OT_E_USAGE. */
    {OT_E_USAGE, CKR_GENERAL_ERROR, CKR_ATTRIBUTE_VALUE_INVALID,
     CKR_ATTRIBUTE_VALUE_INVALID, CKR_GENERAL_ERROR},
    {OT_E_REFUSED, CKR_GENERAL_ERROR, CKR_ATTRIBUTE_VALUE_INVALID,
     CKR_ATTRIBUTE_VALUE_INVALID, CKR_ACTION_PROHIBITED},
    {OT_E_LIMIT, CKR_GENERAL_ERROR, CKR_DEVICE_MEMORY, CKR_DEVICE_MEMORY,
     CKR_DEVICE_MEMORY},
    {OT_E_RATE, CKR_FUNCTION_FAILED, CKR_FUNCTION_FAILED, CKR_FUNCTION_FAILED,
     CKR_FUNCTION_FAILED},
    {OT_E_BUSY, CKR_FUNCTION_FAILED, CKR_FUNCTION_FAILED, CKR_FUNCTION_FAILED,
     CKR_FUNCTION_FAILED},
    {OT_E_NETWORK, CKR_DEVICE_ERROR, CKR_DEVICE_ERROR, CKR_DEVICE_ERROR,
     CKR_DEVICE_ERROR},
    {OT_E_SERVER, CKR_DEVICE_ERROR, CKR_DEVICE_ERROR, CKR_DEVICE_ERROR, CKR_DEVICE_ERROR},
    {OT_E_PROTOCOL, CKR_DEVICE_ERROR, CKR_DEVICE_ERROR, CKR_DEVICE_ERROR,
     CKR_DEVICE_ERROR},
    /* The API has answered, so it knows the key; what is shown is the state before. */
    {OT_E_EMPTY, CKR_OK, CKR_GENERAL_ERROR, CKR_GENERAL_ERROR, CKR_GENERAL_ERROR},
};

/* The table of orgtrust-pkcs11(7). */
static CK_RV code_of_status(enum ot_admin_call call, enum ot_status status)
{
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (codes[i].status != status)
            continue;
        switch (call) {
        case OT_ADMIN_CALL_LOGIN:
            return codes[i].login;
        case OT_ADMIN_CALL_CREATE:
            return codes[i].create;
        case OT_ADMIN_CALL_SET:
            return codes[i].set;
        case OT_ADMIN_CALL_DESTROY:
            return codes[i].destroy;
        }
    }
    return CKR_GENERAL_ERROR;
}

CK_RV ot_authorization_take(struct ot_authorization *authorization,
                            struct ot_session *session)
{
    if (!session->is_read_write)
        return CKR_SESSION_READ_ONLY;
    authorization->slot = session->slot;
    authorization->key = ot_login_key(ot_admin_login(session->slot));
    if (authorization->key == NULL)
        return CKR_USER_NOT_LOGGED_IN;
    authorization->door = ot_inside_door(session->handle);
    ot_inside_stay(authorization->door);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &authorization->cancel);
    return CKR_OK;
}

void ot_authorization_drop(struct ot_authorization *authorization)
{
    if (authorization->key == NULL)
        return;
    ot_key_page_unref(authorization->key);
    authorization->key = NULL;
    ot_inside_leave(authorization->door);
    pthread_setcancelstate(authorization->cancel, NULL);
}

/* Each time, unlike the reason why a token is empty: somebody has asked for this. */
static void report_to_user(const struct ot_slot *slot, CK_RV rv,
                           const struct ot_error *err)
{
    ot_log_token(slot->view->label, err->message);
    if (rv != CKR_OK)
        ot_tell(err->message);
}

CK_RV ot_authorization_use(const struct ot_authorization *authorization,
                           enum ot_admin_call call, const char *const *arguments,
                           struct ot_span input, struct ot_errand_result *result)
{
    const struct ot_view *view = authorization->slot->view;
    struct ot_errand errand = {.source = view->source,
                               .input = input,
                               .key = ot_errand_key(ot_key_page_key(authorization->key)),
                               .timeout_ms = OT_ERRAND_WAIT_MS};
    struct ot_error err = OT_ERROR_INIT;
    enum ot_status status;
    CK_RV rv;

    if (view->source == NULL) {
        rv = code_of_status(call, view->why.status);
        report_to_user(authorization->slot, rv, &view->why);
        return rv;
    }
    for (size_t i = 0; i < OT_ERRAND_ARGUMENTS_MAX && arguments[i] != NULL; i++)
        errand.arguments[i] = arguments[i];
    status = ot_errand_run(&errand, result, &err);
    /* A change is made also where the snapshot could not be brought up to it. */
    rv = call != OT_ADMIN_CALL_LOGIN && result->done ? CKR_OK
                                                     : code_of_status(call, status);
    if (status != OT_OK)
        report_to_user(authorization->slot, rv, &err);
    if (rv == CKR_OK)
        ot_snapshot_unref(ot_view_look(authorization->slot->view, 0));
    return rv;
}

void ot_admin_refuse_pin(const struct ot_slot *slot)
{
    struct ot_error err = OT_ERROR_INIT;

    ot_error_set(
        &err, OT_E_USAGE,
        "what was given as the PIN of '%s' cannot be an admin key and was sent "
        "nowhere: a key begins " OT_KEY_OF_SERVER " or " OT_KEY_OF_HOSTED
        ", or has at least %d characters; `config` stands for the configured one",
        slot->view->label, OT_KEY_OTHER_LEN_MIN);
    report_to_user(slot, CKR_PIN_INCORRECT, &err);
}

CK_RV ot_admin_try_key(struct ot_slot *slot, struct ot_key_page *key)
{
    static const char *const sync[] = {"sync", "--quiet", NULL};
    const struct ot_authorization authorization = {.slot = slot, .key = key};
    struct ot_errand_result result;

    return ot_authorization_use(&authorization, OT_ADMIN_CALL_LOGIN, sync, OT_SPAN_ABSENT,
                                &result);
}
