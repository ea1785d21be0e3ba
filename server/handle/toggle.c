#include <string.h>

#include "audit/audit.h"
#include "base/api_extension.h"
#include "base/clock.h"
#include "base/error.h"
#include "config/identifier.h"
#include "handle/actor_internal.h"
#include "handle/cert_json_internal.h"
#include "handle/change_internal.h"
#include "handle/context.h"
#include "handle/handlers.h"
#include "message/body.h"
#include "message/buffer.h"
#include "message/json_write.h"
#include "message/reply.h"
#include "shared/limits.h"
#include "store/active.h"
#include "store/cert.h"
#include "store/db.h"

/* The ids of a request, each once, in their order. */
struct toggle {
    struct ot_context *context;
    const char *ids[OT_TOGGLE_MAX];
    unsigned count;
    bool active;
    struct ot_active_end end;        /* of an activation; at 0: none */
    struct ot_audit_toggled changed; /* those that were not so before */
};

/* One of them, in the transaction. */
struct toggled {
    struct toggle *toggle;
    const char *id;
    bool changed;
};

static void add_once(struct toggle *toggle, const char *id)
{
    for (unsigned i = 0; i < toggle->count; i++)
        if (strcmp(toggle->ids[i], id) == 0)
            return;
    toggle->ids[toggle->count++] = id;
}

static bool parse_ids(struct toggle *toggle, const cJSON *body)
{
    struct ot_reply *reply = toggle->context->reply;
    const cJSON *ids = cJSON_GetObjectItemCaseSensitive(body, "certificate_ids");
    const cJSON *id;
    int count = cJSON_IsArray(ids) ? cJSON_GetArraySize(ids) : 0;

    if (count < 1 || count > OT_TOGGLE_MAX) {
        ot_reply_error(
            reply, 400, ids == NULL ? "missing_parameter" : "invalid_certificate_ids",
            "certificate_ids", "'certificate_ids' must be an array of 1 to %d ids.",
            OT_TOGGLE_MAX);
        return false;
    }
    cJSON_ArrayForEach(id, ids)
    {
        if (!cJSON_IsString(id)) {
            ot_reply_error(reply, 400, "invalid_type", "certificate_ids",
                           "'certificate_ids' must hold strings only.");
            return false;
        }
        add_once(toggle, id->valuestring);
    }
    return true;
}

static bool is_time_to_come(const cJSON *at)
{
    return cJSON_IsNumber(at) && at->valuedouble > (double)ot_clock_unix_s() &&
           at->valuedouble <= (double)OT_DEACTIVATE_AT_MAX &&
           (double)(int64_t)at->valuedouble == at->valuedouble;
}

/* What is not of this API's is passed over in a deactivation, as members are that nobody
 * knows. */
static bool parse_end(struct toggle *toggle, const cJSON *body)
{
    const cJSON *at = cJSON_GetObjectItemCaseSensitive(body, OT_DEACTIVATE_AT);

    if (!toggle->active || at == NULL || cJSON_IsNull(at))
        return true;
    if (!is_time_to_come(at)) {
        ot_reply_error(toggle->context->reply, 400,
                       cJSON_IsNumber(at) ? "invalid_orgtrust_deactivate_at"
                                          : "invalid_type",
                       OT_DEACTIVATE_AT,
                       "'" OT_DEACTIVATE_AT "' must be a time to come in whole Unix "
                       "seconds, before the year 10000. Nothing has been activated.");
        return false;
    }
    toggle->end = (struct ot_active_end){.at = (int64_t)at->valuedouble,
                                         .by = toggle->context->caller.id};
    return true;
}

static enum ot_status set_active(struct toggled *toggled, struct ot_error *err)
{
    const struct toggle *toggle = toggled->toggle;
    const struct ot_context *context = toggle->context;

    if (!toggle->active)
        return ot_db_deactivate(context->db, context->scope, toggled->id,
                                &toggled->changed, err);
    return ot_db_activate(context->db, context->scope, toggled->id,
                          toggle->end.at != 0 ? &toggle->end : NULL, &toggled->changed,
                          err);
}

static void write_toggled(void *arg, const struct ot_cert_row *row)
{
    struct toggled *toggled = arg;
    struct toggle *toggle = toggled->toggle;

    ot_cert_json_write(&toggle->context->reply->body,
                       ot_object_in_scope(toggle->context->scope), row, NULL);
    if (toggled->changed)
        ot_audit_toggled_add(&toggle->changed, toggled->id, row->name);
}

/* Changes one, then shows what it has become. OT_E_NOT_FOUND: reply says which. */
static enum ot_status change_one(struct toggle *toggle, const char *id,
                                 struct ot_error *err)
{
    struct ot_context *context = toggle->context;
    struct toggled toggled = {.toggle = toggle, .id = id};
    enum ot_status status = OT_E_NOT_FOUND;

    if (ot_is_cert_id(id, strlen(id)))
        status = set_active(&toggled, err);
    if (status == OT_OK)
        status = ot_db_cert_in_scope(context->db, context->scope, id, write_toggled,
                                     &toggled, err);
    if (status == OT_E_NOT_FOUND)
        ot_reply_error(context->reply, 404, "certificate_not_found", "certificate_ids",
                       "There is no certificate %s in this organization. None of the "
                       "request's certificates has been %s.",
                       id, toggle->active ? "activated" : "deactivated");
    return status;
}

static const char *object_name(const struct toggle *toggle)
{
    if (toggle->context->scope[0] == '\0')
        return toggle->active ? "organization.certificate.activation"
                              : "organization.certificate.deactivation";
    return toggle->active ? "organization.project.certificate.activation"
                          : "organization.project.certificate.deactivation";
}

static enum ot_status finish_toggle(struct toggle *toggle, struct ot_error *err)
{
    struct ot_context *context = toggle->context;
    const struct ot_actor actor = ot_actor_of(context);
    bool changed = toggle->changed.count != 0;
    enum ot_status status = ot_audit_toggled_write(context->db, &actor, &toggle->changed,
                                                   toggle->active, toggle->end.at, err);

    if (status == OT_OK && changed)
        status = ot_db_revision_next(context->db, err);
    return status;
}

static enum ot_status change_all(struct ot_context *context, void *arg,
                                 struct ot_error *err)
{
    struct toggle *toggle = arg;
    struct ot_buffer *out = &context->reply->body;
    enum ot_status status = OT_OK;

    ot_audit_toggled_clear(&toggle->changed);
    ot_audit_toggled_init(&toggle->changed);
    ot_jsonw_open(out, '{');
    ot_jsonw_text_member(out, "object", object_name(toggle));
    ot_jsonw_key(out, "data");
    ot_jsonw_open(out, '[');
    for (unsigned i = 0; status == OT_OK && i < toggle->count; i++)
        status = change_one(toggle, toggle->ids[i], err);
    if (status == OT_OK)
        status = finish_toggle(toggle, err);
    if (status != OT_OK)
        return status;
    ot_jsonw_close(out, ']');
    if (toggle->end.at != 0) {
        ot_jsonw_int_member(out, OT_DEACTIVATE_AT, toggle->end.at);
    }
    ot_jsonw_close(out, '}');
    return OT_OK;
}

static void toggle_all(struct ot_context *context, bool active)
{
    struct toggle toggle = {.context = context, .active = active};
    struct ot_error err = OT_ERROR_INIT;
    cJSON *body = ot_body_parse(context->request, context->reply);
    enum ot_status status;

    if (body == NULL)
        return;
    ot_audit_toggled_init(&toggle.changed);
    if (parse_ids(&toggle, body) && parse_end(&toggle, body)) {
        const struct ot_change_of of = {active ? "certificates.activated"
                                               : "certificates.deactivated",
                                        toggle.ids, toggle.count};

        status = ot_change_run(context, &of, change_all, &toggle, &err);
        if (status != OT_OK && status != OT_E_NOT_FOUND)
            ot_reply_failure(context->reply, &err);
    }
    ot_audit_toggled_clear(&toggle.changed);
    cJSON_Delete(body);
}

void ot_handle_activate(struct ot_context *context)
{
    toggle_all(context, true);
}

void ot_handle_deactivate(struct ot_context *context)
{
    toggle_all(context, false);
}
