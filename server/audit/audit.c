#include "audit/audit.h"

#include "base/api_extension.h"
#include "base/clock.h"
#include "base/error.h"
#include "message/buffer.h"
#include "message/json_write.h"
#include "shared/limits.h"
#include "store/audit.h"

/* Finishes the detail, writes the row, and clears the detail. */
static enum ot_status write_event(struct ot_db *db, const struct ot_actor *actor,
                                  const char *type, struct ot_buffer *detail,
                                  const char *const *resources, size_t count,
                                  struct ot_error *err)
{
    enum ot_status status;

    ot_jsonw_close(detail, '}');
    if (ot_buffer_append(detail, "", 1))
        status = ot_db_audit_insert(
            db,
            &(struct ot_audit_row){
                .type = type,
                .effective_at = ot_clock_unix_s(),
                .project = actor->scope[0] != '\0' ? actor->scope : NULL,
                .actor = actor->id,
                .actor_is_key = actor->is_key,
                .address = actor->address,
                .detail = detail->data,
            },
            resources, count, err);
    else
        status = ot_error_nomem(err);
    ot_buffer_clear(detail);
    return status;
}

/* {"id": …, "name": …: the beginning of what the API says of a certificate. */
static void open_named(struct ot_buffer *out, const char *id, const char *name)
{
    ot_jsonw_open(out, '{');
    ot_jsonw_text_member(out, "id", id);
    if (name == NULL)
        return;
    ot_jsonw_text_member(out, "name", name);
}

static void begin_detail(struct ot_buffer *detail, const char *id, const char *name)
{
    ot_buffer_init(detail, OT_REPLY_MAX);
    open_named(detail, id, name);
}

enum ot_status ot_audit_key_created(struct ot_db *db, const struct ot_actor *actor,
                                    const char *id, const char *role,
                                    struct ot_error *err)
{
    struct ot_buffer detail;

    begin_detail(&detail, id, NULL);
    ot_jsonw_key(&detail, "data");
    ot_jsonw_open(&detail, '{');
    ot_jsonw_key(&detail, "scopes");
    ot_jsonw_open(&detail, '[');
    ot_jsonw_text(&detail, role);
    ot_jsonw_close(&detail, ']');
    ot_jsonw_close(&detail, '}');
    return write_event(db, actor, "api_key.created", &detail, &id, 1, err);
}

enum ot_status ot_audit_key_deleted(struct ot_db *db, const struct ot_actor *actor,
                                    const char *id, struct ot_error *err)
{
    struct ot_buffer detail;

    begin_detail(&detail, id, NULL);
    return write_event(db, actor, "api_key.deleted", &detail, &id, 1, err);
}

enum ot_status ot_audit_project_created(struct ot_db *db, const struct ot_actor *actor,
                                        const char *id, const char *name,
                                        struct ot_error *err)
{
    struct ot_buffer detail;

    begin_detail(&detail, id, NULL);
    ot_jsonw_key(&detail, "data");
    ot_jsonw_open(&detail, '{');
    ot_jsonw_text_member(&detail, "name", name);
    ot_jsonw_text_member(&detail, "title", name);
    ot_jsonw_close(&detail, '}');
    return write_event(db, actor, "project.created", &detail, &id, 1, err);
}

enum ot_status ot_audit_cert_created(struct ot_db *db, const struct ot_actor *actor,
                                     const char *id, const char *name,
                                     struct ot_error *err)
{
    struct ot_buffer detail;

    begin_detail(&detail, id, name);
    return write_event(db, actor, "certificate.created", &detail, &id, 1, err);
}

enum ot_status ot_audit_cert_updated(struct ot_db *db, const struct ot_actor *actor,
                                     const char *id, const char *name,
                                     struct ot_error *err)
{
    struct ot_buffer detail;

    begin_detail(&detail, id, name);
    return write_event(db, actor, "certificate.updated", &detail, &id, 1, err);
}

enum ot_status ot_audit_cert_deleted(struct ot_db *db, const struct ot_actor *actor,
                                     const char *id, const char *name, const char *pem,
                                     struct ot_error *err)
{
    struct ot_buffer detail;

    begin_detail(&detail, id, name);
    ot_jsonw_text_member(&detail, "certificate", pem);
    return write_event(db, actor, "certificate.deleted", &detail, &id, 1, err);
}

void ot_audit_toggled_init(struct ot_audit_toggled *toggled)
{
    *toggled = (struct ot_audit_toggled){.count = 0};
    ot_buffer_init(&toggled->detail, OT_REPLY_MAX);
    ot_jsonw_open(&toggled->detail, '{');
    ot_jsonw_key(&toggled->detail, "certificates");
    ot_jsonw_open(&toggled->detail, '[');
}

void ot_audit_toggled_clear(struct ot_audit_toggled *toggled)
{
    ot_buffer_clear(&toggled->detail);
}

void ot_audit_toggled_add(struct ot_audit_toggled *toggled, const char *id,
                          const char *name)
{
    open_named(&toggled->detail, id, name);
    ot_jsonw_close(&toggled->detail, '}');
    toggled->ids[toggled->count++] = id;
}

enum ot_status ot_audit_toggled_write(struct ot_db *db, const struct ot_actor *actor,
                                      struct ot_audit_toggled *toggled, bool active,
                                      int64_t end_at, struct ot_error *err)
{
    if (toggled->count == 0)
        return OT_OK;
    ot_jsonw_close(&toggled->detail, ']');
    if (end_at != 0) {
        ot_jsonw_int_member(&toggled->detail, OT_DEACTIVATE_AT, end_at);
    }
    return write_event(db, actor,
                       active ? "certificates.activated" : "certificates.deactivated",
                       &toggled->detail, toggled->ids, toggled->count, err);
}
