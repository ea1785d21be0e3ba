#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "base/error.h"
#include "handle/actor_internal.h"
#include "handle/cert_json_internal.h"
#include "handle/change_internal.h"
#include "handle/context.h"
#include "handle/handlers.h"
#include "message/answers.h"
#include "message/body.h"
#include "message/buffer.h"
#include "message/etag.h"
#include "message/json_write.h"
#include "message/reply.h"
#include "message/request.h"
#include "shared/limits.h"
#include "store/active.h"
#include "store/cert.h"
#include "store/db.h"

/* For rows that are written as soon as they are seen. */
struct shown {
    struct ot_context *context;
    char *content; /* NULL: without */
    bool with_content;
};

void ot_handle_say_no_cert(struct ot_context *context)
{
    ot_reply_error(context->reply, 404, "certificate_not_found", "certificate_id",
                   "There is no certificate %s in this organization.", context->cert_id);
}

/* Composes the reply to what went wrong with the certificate of the path. */
static void say_failed(struct ot_context *context, enum ot_status status,
                       const struct ot_error *err)
{
    if (status == OT_E_NOT_FOUND)
        ot_handle_say_no_cert(context);
    else
        ot_reply_failure(context->reply, err);
}

static void show_cert(void *arg, const struct ot_cert_row *row)
{
    struct shown *shown = arg;

    ot_cert_json_write(&shown->context->reply->body, ot_object_single, row,
                       shown->content);
}

/* All that can change of a certificate is its name, so its tag stays when others come and
 * go. */
static void tag_cert(const struct shown *shown, const struct ot_cert_row *row)
{
    const struct ot_etag_part parts[] = {
        {row->id, strlen(row->id)},
        {row->name, row->name != NULL ? strlen(row->name) : 0},
        {row->name != NULL ? "n" : "", row->name != NULL},
        {&row->created_at, sizeof(row->created_at)},
        {&shown->with_content, sizeof(shown->with_content)},
    };

    ot_etag_make(shown->context->reply->etag, parts, sizeof(parts) / sizeof(parts[0]));
}

static bool parse_include(struct ot_context *context, bool *content)
{
    const char *value;
    unsigned at = 0;

    *content = false;
    while ((value = ot_request_next(context->request, "include[]", &at)) != NULL) {
        *content = strcmp(value, "content") == 0;
        if (*content)
            continue;
        ot_reply_error(context->reply, 400, "invalid_include", "include",
                       "'include[]' can only be 'content'.");
        return false;
    }
    return true;
}

/* The content, which is another question, and what is written of it. */
static void show_with_content(struct ot_context *context, struct shown *shown)
{
    struct ot_error err = OT_ERROR_INIT;
    enum ot_status status =
        ot_db_cert_content(context->db, context->cert_id, &shown->content, &err);

    if (status != OT_OK) {
        say_failed(context, status, &err);
        return;
    }
    show_cert(shown, &context->cert);
    ot_answers_keep(context->answers, context->reply);
    free(shown->content);
}

void ot_handle_get(struct ot_context *context)
{
    struct shown shown = {.context = context};

    if (!parse_include(context, &shown.with_content))
        return;
    if (!context->has_cert) {
        ot_handle_say_no_cert(context);
        return;
    }
    tag_cert(&shown, &context->cert);
    if (ot_reply_is_known(context->reply, context->request->if_none_match))
        return;
    if (!shown.with_content)
        show_cert(&shown, &context->cert);
    else if (!ot_answers_find(context->answers, context->reply))
        show_with_content(context, &shown);
}

/* A copy of a certificate's name, which the caller frees. */
struct named {
    char *name; /* NULL: none */
    bool failed;
};

static void copy_name(void *arg, const struct ot_cert_row *row)
{
    struct named *named = arg;

    named->name = row->name != NULL ? strdup(row->name) : NULL;
    named->failed = row->name != NULL && named->name == NULL;
}

static enum ot_status keep_name(struct ot_context *context, struct named *named,
                                struct ot_error *err)
{
    enum ot_status status =
        ot_db_cert_get(context->db, context->cert_id, copy_name, named, err);

    return named->failed ? ot_error_nomem(err) : status;
}

static enum ot_status rename_cert(struct ot_context *context, const char *name,
                                  struct ot_error *err)
{
    const struct ot_actor actor = ot_actor_of(context);
    enum ot_status status = ot_db_cert_rename(context->db, context->cert_id, name, err);

    if (status == OT_OK)
        status = ot_audit_cert_updated(context->db, &actor, context->cert_id, name, err);
    if (status == OT_OK)
        status = ot_db_revision_next(context->db, err);
    return status;
}

static enum ot_status modify_cert(struct ot_context *context, void *arg,
                                  struct ot_error *err)
{
    const char *name = *(const char *const *)arg;
    struct shown shown = {.context = context};
    struct named old = {.name = NULL};
    enum ot_status status = keep_name(context, &old, err);

    if (status == OT_OK && name != NULL &&
        (old.name == NULL || strcmp(old.name, name) != 0))
        status = rename_cert(context, name, err);
    free(old.name);
    if (status == OT_OK)
        status = ot_db_cert_get(context->db, context->cert_id, show_cert, &shown, err);
    return status;
}

void ot_handle_modify(struct ot_context *context)
{
    struct ot_error err = OT_ERROR_INIT;
    const struct ot_change_of of = {"certificate.updated", &context->cert_id, 1};
    cJSON *body = ot_body_parse(context->request, context->reply);
    const char *name;
    enum ot_status status;

    if (body == NULL)
        return;
    if (ot_body_name(body, &name, context->reply)) {
        status = ot_change_run(context, &of, modify_cert, &name, &err);
        if (status != OT_OK)
            say_failed(context, status, &err);
    }
    cJSON_Delete(body);
}

/* The scopes in which a certificate is active, in words. */
struct scopes {
    char text[OT_ERROR_MAX / 2];
    size_t len;
    unsigned count;
};

static void name_scope(void *arg, const char *scope, int64_t ends_at)
{
    struct scopes *scopes = arg;
    const char *separator = scopes->count == 0 ? "" : ", ";
    bool is_organization = scope[0] == '\0';
    int len;

    (void)ends_at;
    if (scopes->count++ >= OT_SCOPES_NAMED || scopes->len >= sizeof(scopes->text))
        return;
    len =
        snprintf(scopes->text + scopes->len, sizeof(scopes->text) - scopes->len, "%s%s%s",
                 separator, is_organization ? "the organization" : "project ", scope);
    scopes->len += (size_t)len;
}

static void say_active(struct ot_context *context, const struct scopes *scopes)
{
    bool cut = scopes->count > OT_SCOPES_NAMED || scopes->len >= sizeof(scopes->text);

    ot_reply_error(context->reply, 409, "certificate_in_use", "certificate_id",
                   "The certificate %s is active in %s%s (%u in all): deactivate it "
                   "there first.",
                   context->cert_id, scopes->text, cut ? " and more" : "", scopes->count);
}

/* With its name and content, by which the audit log remembers it. */
static enum ot_status delete_cert(struct ot_context *context, struct ot_error *err)
{
    const struct ot_actor actor = ot_actor_of(context);
    struct named named = {.name = NULL};
    char *pem = NULL;
    enum ot_status status = keep_name(context, &named, err);

    if (status == OT_OK)
        status = ot_db_cert_content(context->db, context->cert_id, &pem, err);
    if (status == OT_OK)
        status = ot_db_cert_delete(context->db, context->cert_id, err);
    if (status == OT_OK)
        status = ot_audit_cert_deleted(context->db, &actor, context->cert_id, named.name,
                                       pem, err);
    free(named.name);
    free(pem);
    return status;
}

static void write_deleted_cert(const struct ot_context *context)
{
    struct ot_buffer *out = &context->reply->body;

    ot_jsonw_open(out, '{');
    ot_jsonw_text_member(out, "object", "certificate.deleted");
    ot_jsonw_text_member(out, "id", context->cert_id);
    ot_jsonw_close(out, '}');
}

/* OT_E_REFUSED: still active, reply says where. */
static enum ot_status delete_inactive(struct ot_context *context, void *arg,
                                      struct ot_error *err)
{
    struct scopes scopes = {.count = 0};
    enum ot_status status =
        ot_db_active_scopes(context->db, context->cert_id, name_scope, &scopes, err);

    (void)arg;
    if (status == OT_OK && scopes.count != 0) {
        say_active(context, &scopes);
        return OT_E_REFUSED;
    }
    if (status == OT_OK)
        status = delete_cert(context, err);
    if (status == OT_OK)
        status = ot_db_revision_next(context->db, err);
    if (status == OT_OK)
        write_deleted_cert(context);
    return status;
}

void ot_handle_delete(struct ot_context *context)
{
    struct ot_error err = OT_ERROR_INIT;
    const struct ot_change_of of = {"certificate.deleted", &context->cert_id, 1};
    enum ot_status status = ot_change_run(context, &of, delete_inactive, NULL, &err);

    if (status != OT_OK && status != OT_E_REFUSED)
        say_failed(context, status, &err);
}
