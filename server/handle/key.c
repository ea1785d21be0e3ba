#include <openssl/crypto.h>
#include <string.h>

#include "audit/audit.h"
#include "auth/apikey.h"
#include "auth/auth.h"
#include "base/error.h"
#include "handle/actor_internal.h"
#include "handle/change_internal.h"
#include "handle/context.h"
#include "handle/handlers.h"
#include "handle/page_internal.h"
#include "handle/query_internal.h"
#include "message/body.h"
#include "message/buffer.h"
#include "message/json_write.h"
#include "message/reply.h"
#include "shared/limits.h"
#include "store/key.h"

/* A key belongs to no user here: it is a service account of its own. The API's words for
 * what such a one may do are owner and reader. */
static void write_owner(struct ot_buffer *out, const struct ot_key_row *row)
{
    enum ot_role role = OT_ROLE_READ;

    ot_role_parse(&role, row->role);
    ot_jsonw_key(out, "owner");
    ot_jsonw_open(out, '{');
    ot_jsonw_text_member(out, "type", "service_account");
    ot_jsonw_text_member(out, "object", "organization.service_account");
    ot_jsonw_text_member(out, "id", row->id);
    if (row->name != NULL) {
        ot_jsonw_text_member(out, "name", row->name);
    }
    ot_jsonw_int_member(out, "created_at", row->created_at);
    ot_jsonw_text_member(out, "role", role == OT_ROLE_ADMIN ? "owner" : "reader");
    ot_jsonw_close(out, '}');
}

/* value: the key itself, NULL: not shown. */
static void write_key(struct ot_buffer *out, const struct ot_key_row *row,
                      const char *value)
{
    char redacted[OT_APIKEY_MAX];

    ot_apikey_redact(redacted, row->id);
    ot_jsonw_open(out, '{');
    ot_jsonw_text_member(out, "object", "organization.admin_api_key");
    ot_jsonw_text_member(out, "id", row->id);
    ot_jsonw_text_member(out, "name", row->name);
    ot_jsonw_text_member(out, "redacted_value", redacted);
    ot_jsonw_int_member(out, "created_at", row->created_at);
    ot_jsonw_time_member(out, "expires_at", row->expires_at);
    ot_jsonw_time_member(out, "last_used_at", row->last_used_at);
    write_owner(out, row);
    if (value != NULL) {
        ot_jsonw_text_member(out, "value", value);
    }
    ot_jsonw_close(out, '}');
}

static void refuse_key_of_path(struct ot_context *context, enum ot_status status,
                               const struct ot_error *err)
{
    if (status != OT_E_NOT_FOUND)
        ot_reply_failure(context->reply, err);
    else
        ot_reply_error(context->reply, 404, "admin_api_key_not_found", "key_id",
                       "There is no key %s in this organization.", context->key_id);
}

static void show_key(void *arg, const struct ot_key_row *row)
{
    struct ot_context *context = arg;

    write_key(&context->reply->body, row, NULL);
}

void ot_handle_key_get(struct ot_context *context)
{
    struct ot_error err = OT_ERROR_INIT;
    bool is_own = strcmp(context->key_id, context->caller.id) == 0;
    enum ot_status status;

    /* A host asks when its key will end. */
    if (!is_own && !ot_auth_permits(&context->caller, OT_NEED_OVERSIGHT, context->request,
                                    context->reply))
        return;
    status = ot_db_key_get(context->db, context->key_id, show_key, context, &err);
    if (status != OT_OK)
        refuse_key_of_path(context, status, &err);
}

static void take_key_seq(void *arg, const struct ot_key_row *row)
{
    *(int64_t *)arg = row->seq;
}

static bool find_key_cursor(struct ot_context *context, int64_t *seq)
{
    struct ot_error err = OT_ERROR_INIT;
    enum ot_status status = OT_OK;
    const char *after;

    if (!ot_query_value(context, "after", &after))
        return false;
    /* Clients send an empty one for none. */
    if (after != NULL && *after != '\0')
        status = ot_db_key_get(context->db, after, take_key_seq, seq, &err);
    return ot_query_found_cursor(context, "after", "key", status, &err);
}

static void write_key_row(void *arg, const struct ot_key_row *row)
{
    struct ot_page *page = arg;

    if (ot_page_takes(page, row->id))
        write_key(page->out, row, NULL);
}

void ot_handle_key_list(struct ot_context *context)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_key_range range = {.after = 0};
    struct ot_page page;
    unsigned limit;

    if (!ot_query_limit(context, &limit) ||
        !ot_query_order(context, false, &range.descending) ||
        !find_key_cursor(context, &range.after))
        return;
    range.limit = (int64_t)limit + 1;
    ot_page_open(&page, &context->reply->body, limit);
    if (ot_db_key_list(context->db, &range, write_key_row, &page, &err) == OT_OK)
        ot_page_close(&page);
    else
        ot_reply_failure(context->reply, &err);
}

static bool parse_lifetime(struct ot_context *context, const cJSON *body,
                           int64_t *lifetime_s)
{
    const cJSON *seconds = cJSON_GetObjectItemCaseSensitive(body, "expires_in_seconds");
    double value = cJSON_IsNumber(seconds) ? seconds->valuedouble : 0;

    *lifetime_s = 0;
    if (seconds == NULL)
        return true;
    if (value >= 1 && value <= OT_APIKEY_LIFETIME_MAX_S &&
        (double)(int64_t)value == value) {
        *lifetime_s = (int64_t)value;
        return true;
    }
    ot_reply_error(context->reply, 400, "invalid_expires_in_seconds",
                   "expires_in_seconds",
                   "'expires_in_seconds' must be a whole number from 1 to %d.",
                   OT_APIKEY_LIFETIME_MAX_S);
    return false;
}

static bool parse_key_name(struct ot_context *context, const cJSON *body,
                           const char **name)
{
    const char *reason;

    if (!ot_body_name(body, name, context->reply))
        return false;
    if (*name == NULL)
        ot_reply_error(context->reply, 400, "missing_parameter", "name",
                       "'name' must be a string that says what to call the key.");
    else if (!ot_apikey_name_is_valid(*name, &reason))
        ot_reply_error(context->reply, 400, "invalid_name", "name", "'name' %s.", reason);
    else
        return true;
    return false;
}

struct new_key {
    struct ot_apikey_spec spec;
    char id[OT_APIKEY_ID_MAX]; /* "": it is not made */
};

static enum ot_status store_key(struct ot_context *context, void *arg,
                                struct ot_error *err)
{
    struct new_key *new_key = arg;
    const struct ot_apikey_spec *spec = &new_key->spec;
    const struct ot_actor actor = ot_actor_of(context);
    struct ot_apikey made;
    enum ot_status status = ot_apikey_create(context->db, spec, &made, err);

    if (status == OT_OK)
        status = ot_audit_key_created(context->db, &actor, made.id,
                                      ot_role_name(spec->role), err);
    if (status == OT_OK)
        write_key(&context->reply->body,
                  &(struct ot_key_row){
                      .id = made.id,
                      .name = spec->name,
                      .role = ot_role_name(spec->role),
                      .created_at = made.created_at,
                      .expires_at =
                          spec->lifetime_s != 0 ? made.created_at + spec->lifetime_s : 0,
                  },
                  made.text);
    if (status == OT_OK)
        memcpy(new_key->id, made.id, sizeof(made.id));
    OPENSSL_cleanse(made.text, sizeof(made.text));
    return status;
}

void ot_handle_key_create(struct ot_context *context)
{
    struct new_key new_key = {.spec.role = OT_ROLE_ADMIN};
    struct ot_apikey_spec *spec = &new_key.spec;
    const char *id = new_key.id;
    const struct ot_change_of of = {"api_key.created", &id, 1};
    struct ot_error err = OT_ERROR_INIT;
    cJSON *body = ot_body_parse(context->request, context->reply);
    enum ot_status status;

    if (body == NULL)
        return;
    if (parse_key_name(context, body, &spec->name) &&
        parse_lifetime(context, body, &spec->lifetime_s)) {
        status = ot_change_run(context, &of, store_key, &new_key, &err);
        if (status == OT_E_REFUSED)
            ot_reply_error(context->reply, 409, "name_taken", "name",
                           "Another key is called so: revoke it first, or choose another "
                           "name.");
        else if (status != OT_OK)
            ot_reply_failure(context->reply, &err);
    }
    cJSON_Delete(body);
}

static void write_deleted_key(const struct ot_context *context)
{
    struct ot_buffer *out = &context->reply->body;

    ot_jsonw_open(out, '{');
    ot_jsonw_text_member(out, "object", "organization.admin_api_key.deleted");
    ot_jsonw_text_member(out, "id", context->key_id);
    ot_jsonw_bool_member(out, "deleted", true);
    ot_jsonw_close(out, '}');
}

static enum ot_status delete_key(struct ot_context *context, void *arg,
                                 struct ot_error *err)
{
    const struct ot_actor actor = ot_actor_of(context);
    enum ot_status status = ot_db_key_delete(context->db, context->key_id, err);

    (void)arg;
    if (status == OT_OK)
        status = ot_audit_key_deleted(context->db, &actor, context->key_id, err);
    if (status == OT_OK)
        write_deleted_key(context);
    return status;
}

void ot_handle_key_delete(struct ot_context *context)
{
    struct ot_error err = OT_ERROR_INIT;
    const struct ot_change_of of = {"api_key.deleted", &context->key_id, 1};
    enum ot_status status = ot_change_run(context, &of, delete_key, NULL, &err);

    if (status != OT_OK)
        refuse_key_of_path(context, status, &err);
}
