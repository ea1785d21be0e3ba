#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>

#include "audit/audit.h"
#include "base/error.h"
#include "base/limits.h"
#include "cert/cert.h"
#include "cert/pem.h"
#include "cert/upload_rules.h"
#include "handle/actor_internal.h"
#include "handle/cert_json_internal.h"
#include "handle/change_internal.h"
#include "handle/context.h"
#include "handle/handlers.h"
#include "message/body.h"
#include "message/buffer.h"
#include "message/reply.h"
#include "message/request.h"
#include "shared/limits.h"
#include "shared/settings.h"
#include "snapshot/record.h"
#include "store/cert.h"
#include "store/db.h"

/* An upload that is checked. */
struct upload {
    const struct ot_settings *settings;
    struct ot_cert_row row;
    struct ot_buffer pem; /* as we write it, with our line ends and without remarks */
    size_t text_len;      /* as it came */
    unsigned count;       /* of the certificates so far: the first is the anchor */
    const char *code;     /* of a refusal */
    char id[OT_CERT_ID_MAX];
};

static enum ot_status check_anchor(struct upload *upload, const struct ot_cert *cert,
                                   const uint8_t *der, size_t len, struct ot_error *err)
{
    struct ot_record facts = {.flags = 0};

    ot_cert_fill(cert, &facts);
    upload->row.valid_at = facts.valid_at;
    upload->row.expires_at = facts.expires_at;
    if (!upload->settings->hosted_rules)
        return OT_OK;
    return ot_upload_rules_check(der, len, upload->text_len, time(NULL), &upload->code,
                                 err);
}

static enum ot_status append_pem(struct ot_buffer *out, const uint8_t *der, size_t len,
                                 struct ot_error *err)
{
    char *pem = ot_pem_encode(der, len);
    bool appended = pem != NULL && ot_buffer_append(out, pem, strlen(pem));

    free(pem);
    return appended ? OT_OK : ot_error_nomem(err);
}

static enum ot_status check_one(void *arg, const uint8_t *der, size_t len,
                                struct ot_error *err)
{
    struct upload *upload = arg;
    struct ot_cert *cert = NULL;
    enum ot_status status = ot_cert_parse(&cert, der, len, err);

    if (status == OT_OK && upload->count == 0)
        status = check_anchor(upload, cert, der, len, err);
    ot_cert_free(cert);
    if (status == OT_OK)
        status = append_pem(&upload->pem, der, len, err);
    upload->count++;
    return status;
}

/* The bytes that came may hold a private key: they are wiped, and the reasons that the
 * parsers give never quote them. */
static enum ot_status check_pem(struct upload *upload, char *text, struct ot_error *err)
{
    size_t len = strlen(text);
    enum ot_status status;

    upload->text_len = len;
    if (len > OT_CERT_PEM_MAX)
        status = ot_error_set(err, OT_E_PROTOCOL, "it is larger than %u bytes",
                              OT_CERT_PEM_MAX);
    else
        status = ot_pem_each(text, len, check_one, upload, err);
    OPENSSL_cleanse(text, len);
    if (status == OT_OK && !ot_buffer_append(&upload->pem, "", 1))
        status = ot_error_nomem(err);
    return status;
}

/* Clients of the description of 2025-04 send it as `content`. */
static const cJSON *find_pem(const cJSON *body)
{
    const cJSON *pem = cJSON_GetObjectItemCaseSensitive(body, "certificate");

    return pem != NULL ? pem : cJSON_GetObjectItemCaseSensitive(body, "content");
}

static void refuse_upload(struct ot_context *context, const struct upload *upload,
                          const struct ot_error *err)
{
    if (err->status != OT_E_PROTOCOL)
        ot_reply_failure(context->reply, err);
    else if (upload->count > 1)
        ot_reply_error(context->reply, 400, upload->code, "certificate",
                       "'certificate' was not accepted: of certificate %u in it: %s",
                       upload->count, err->message);
    else
        ot_reply_error(context->reply, 400, upload->code, "certificate",
                       "'certificate' was not accepted: %s", err->message);
}

static bool check_upload(struct ot_context *context, const cJSON *body,
                         struct upload *upload)
{
    struct ot_error err = OT_ERROR_INIT;
    const cJSON *pem = find_pem(body);

    if (!ot_body_name(body, &upload->row.name, context->reply))
        return false;
    if (!cJSON_IsString(pem)) {
        ot_reply_error(context->reply, 400,
                       pem == NULL ? "missing_parameter" : "invalid_type", "certificate",
                       "'certificate' must be a string: a certificate in PEM.");
        return false;
    }
    if (check_pem(upload, pem->valuestring, &err) == OT_OK)
        return true;
    refuse_upload(context, upload, &err);
    return false;
}

/* OT_E_REFUSED: the organization is full, reply says so. */
static enum ot_status store_upload(struct ot_context *context, void *arg,
                                   struct ot_error *err)
{
    struct upload *upload = arg;
    const struct ot_actor actor = ot_actor_of(context);
    int64_t count = 0;
    enum ot_status status = ot_db_cert_count(context->db, &count, err);

    upload->row.created_at = time(NULL);
    if (status == OT_OK && count >= context->settings->max_certificates) {
        ot_reply_error(context->reply, 400, "certificate_limit_reached", NULL,
                       "This organization holds %" PRId64 " certificates, and %" PRId64
                       " is its limit: delete one first, or start the server with a "
                       "higher --max-certificates.",
                       count, context->settings->max_certificates);
        return OT_E_REFUSED;
    }
    if (status == OT_OK)
        status = ot_db_cert_insert(context->db, &upload->row, upload->pem.data,
                                   upload->id, err);
    if (status == OT_OK)
        status =
            ot_audit_cert_created(context->db, &actor, upload->id, upload->row.name, err);
    if (status == OT_OK)
        status = ot_db_revision_next(context->db, err);
    return status;
}

static void save_upload(struct ot_context *context, struct upload *upload)
{
    struct ot_error err = OT_ERROR_INIT;
    const char *id = upload->id;
    const struct ot_change_of of = {"certificate.created", &id, 1};
    enum ot_status status = ot_change_run(context, &of, store_upload, upload, &err);

    if (status == OT_OK) {
        upload->row.id = upload->id;
        ot_cert_json_write(&context->reply->body, ot_object_single, &upload->row, NULL);
    } else if (status != OT_E_REFUSED) {
        ot_reply_failure(context->reply, &err);
    }
}

void ot_handle_upload(struct ot_context *context)
{
    struct ot_buffer *text = &context->request->body;
    struct upload upload = {
        .settings = context->settings,
        .code = OT_CODE_CERTIFICATE_INVALID,
    };
    cJSON *body = ot_body_parse(context->request, context->reply);

    if (text->data != NULL)
        OPENSSL_cleanse(text->data, text->size);
    if (body == NULL)
        return;
    ot_buffer_init(&upload.pem, OT_REPLY_MAX);
    if (check_upload(context, body, &upload))
        save_upload(context, &upload);
    ot_buffer_clear(&upload.pem);
    cJSON_Delete(body);
}
