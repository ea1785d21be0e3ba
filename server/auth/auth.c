#include "auth/auth.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#include "auth/apikey.h"
#include "auth/wrong_keys.h"
#include "base/error.h"
#include "message/reply.h"
#include "message/request.h"
#include "shared/address.h"
#include "shared/limits.h"
#include "shared/log.h"
#include "store/db.h"
#include "store/key.h"

/* RFC 6750 §2.1; the scheme's case does not matter (RFC 9110 §11.1). */
static const char *bearer_token(const char *authorization)
{
    static const char scheme[] = "Bearer ";

    if (authorization == NULL ||
        strncasecmp(authorization, scheme, sizeof(scheme) - 1) != 0)
        return NULL;
    authorization += sizeof(scheme) - 1;
    return authorization + strspn(authorization, " ");
}

/* Each is logged until its address is told to wait, and then that, once: who sends
 * thousands fills no disk. */
static void log_wrong_key(const struct ot_address *address, unsigned count,
                          unsigned wait_s)
{
    struct ot_error line = OT_ERROR_INIT;
    char text[OT_ADDRESS_TEXT_MAX];

    ot_address_format(text, address);
    if (wait_s == 0)
        ot_error_set(&line, OT_E_AUTH,
                     "a wrong key came from %s, number %u within a minute", text, count);
    else
        ot_error_set(&line, OT_E_AUTH,
                     "more than %d wrong keys came from %s: for %u s its next ones are "
                     "answered with 429 and not logged one by one",
                     OT_WRONG_KEYS_MAX, text, wait_s);
    ot_log_failure(&line);
}

static void refuse_wrong_key(struct ot_wrong_keys *wrong_keys,
                             const struct ot_address *address,
                             const struct ot_caller *caller, struct ot_reply *reply)
{
    const unsigned last = OT_WRONG_KEYS_MAX + 1; /* that is logged */
    unsigned count;
    unsigned wait_s = ot_wrong_keys_note(wrong_keys, address, ot_log_clock(), &count);

    if (count <= last)
        log_wrong_key(address, count, wait_s);
    if (wait_s == 0 && caller->is_expired) {
        ot_reply_error(reply, 401, "expired_api_key", NULL,
                       "The key %s has come to its end: ask the server's administrator "
                       "for a new one ('orgtrust-server key create').",
                       caller->id);
        return;
    }
    if (wait_s == 0) {
        ot_reply_error(reply, 401, "invalid_api_key", NULL,
                       "The key is not one of this server's, or was revoked: ask the "
                       "server's administrator for one ('orgtrust-server key create').");
        return;
    }
    ot_reply_error(
        reply, 429, "too_many_wrong_keys", NULL,
        "This key, too, is not one of this server's, or was revoked, and too "
        "many wrong ones came from this address: try again in %u s, with a key "
        "from the server's administrator ('orgtrust-server key create').",
        wait_s);
    reply->retry_after_s = wait_s;
    reply->close = true;
}

bool ot_auth_claim(struct ot_claim *claim, const struct ot_request *request,
                   struct ot_reply *reply)
{
    struct ot_error err = OT_ERROR_INIT;
    const char *key = bearer_token(request->authorization);

    if (key == NULL || *key == '\0') {
        ot_reply_error(reply, 401, "missing_api_key", NULL,
                       "This request came without a key: send the header "
                       "'Authorization: Bearer KEY'.");
        return false;
    }
    if (ot_apikey_claim(claim, key, &err) == OT_OK)
        return true;
    ot_reply_failure(reply, &err);
    return false;
}

bool ot_auth_accepts(const struct ot_claim *claim, struct ot_wrong_keys *wrong_keys,
                     const struct ot_request *request, struct ot_reply *reply)
{
    if (!claim->is_right)
        refuse_wrong_key(wrong_keys, &request->address, &claim->caller, reply);
    return claim->is_right;
}

/* Somebody tries to change what is trusted with a key that lies on every host. */
static void log_reading_key(const struct ot_caller *caller,
                            const struct ot_address *address)
{
    static _Atomic int64_t said_us;
    struct ot_error line = OT_ERROR_INIT;
    char text[OT_ADDRESS_TEXT_MAX];

    if (!ot_log_is_due(&said_us))
        return;
    ot_address_format(text, address);
    ot_error_set(
        &line, OT_E_AUTH,
        "the key %s, which has the role 'read', came from %s to change something "
        "and was refused",
        caller->id, text);
    ot_log_failure(&line);
}

bool ot_auth_permits(const struct ot_caller *caller, enum ot_need need,
                     const struct ot_request *request, struct ot_reply *reply)
{
    if (need == OT_NEED_READ || caller->role == OT_ROLE_ADMIN)
        return true;
    if (need == OT_NEED_WRITE)
        log_reading_key(caller, &request->address);
    ot_reply_error(reply, 403, "insufficient_permissions", NULL,
                   "The key %s has the role 'read', which %s: use one with the role "
                   "'admin'.",
                   caller->id,
                   need == OT_NEED_WRITE ? "changes nothing"
                                         : "sees certificates, projects and itself");
    return false;
}

bool ot_auth_note_use(struct ot_db *db, const struct ot_caller *caller)
{
    struct ot_error err = OT_ERROR_INIT;
    int64_t now = time(NULL);

    /* A clock that was set back must not stop the noting for good. */
    if (now >= caller->last_used_at && now - caller->last_used_at < OT_APIKEY_TOUCH_S)
        return false;
    if (ot_db_begin(db, OT_WRITING_NOW, &err) != OT_OK)
        return false;
    if (ot_db_key_touch(db, caller->seq, now, &err) == OT_OK)
        return ot_db_commit(db, &err) == OT_OK;
    ot_db_rollback(db);
    return false;
}
