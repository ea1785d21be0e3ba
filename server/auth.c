#include "auth.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#include "limits.h"

/* RFC 6750 §2.1; the scheme's case does not matter (RFC 9110 §11.1). */
static const char *bearer(const char *authorization)
{
    static const char scheme[] = "Bearer ";

    if (authorization == NULL ||
        strncasecmp(authorization, scheme, sizeof(scheme) - 1) != 0)
        return NULL;
    authorization += sizeof(scheme) - 1;
    return authorization + strspn(authorization, " ");
}

bool ot_auth_identify(struct ot_db *db, const struct ot_request *request,
                      struct ot_caller *caller, struct ot_reply *reply)
{
    struct ot_error err = OT_ERROR_INIT;
    const char *key = bearer(request->authorization);
    enum ot_status status;

    if (key == NULL || *key == '\0') {
        ot_reply_error(reply, 401, "missing_api_key", NULL,
                       "This request came without a key: send the header "
                       "'Authorization: Bearer KEY'.");
        return false;
    }
    status = ot_apikey_find(db, key, caller, &err);
    if (status == OT_OK)
        return true;
    if (status == OT_E_AUTH)
        ot_reply_error(reply, 401, "invalid_api_key", NULL,
                       "The key is not one of this server's, or was revoked: ask the "
                       "server's administrator for one ('orgtrust-server key create').");
    else
        ot_reply_failure(reply, &err);
    return false;
}

bool ot_auth_permits(const struct ot_caller *caller, bool write, struct ot_reply *reply)
{
    if (!write || caller->role == OT_ROLE_ADMIN)
        return true;
    ot_reply_error(reply, 403, "insufficient_permissions", NULL,
                   "The key %s has the role 'read', which changes nothing: use one with "
                   "the role 'admin'.",
                   caller->id);
    return false;
}

void ot_auth_note_use(struct ot_db *db, const struct ot_caller *caller)
{
    struct ot_error err = OT_ERROR_INIT;
    int64_t now = time(NULL);

    /* A clock that was set back must not stop the noting for good. */
    if (now >= caller->last_used_at && now - caller->last_used_at < OT_APIKEY_TOUCH_S)
        return;
    if (ot_db_begin(db, OT_WRITING_NOW, &err) != OT_OK)
        return;
    if (ot_apikey_touch(db, caller->seq, now, &err) == OT_OK)
        ot_db_commit(db, &err);
    else
        ot_db_rollback(db);
}
