#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>

#include "fetch/cert.h"
#include "fetch/pem.h"
#include "handle/cert_json_internal.h"
#include "handle/handlers.h"
#include "message/body.h"

/* An upload that has been checked. */
struct upload {
    struct ot_cert_row row;
    char *pem; /* as we write it, whatever the client's line ends and remarks were */
    char id[OT_CERT_ID_MAX];
};

static enum ot_status check_der(struct upload *upload, const uint8_t *der, size_t len,
                                struct ot_error *err)
{
    struct ot_record facts = {.flags = 0};
    struct ot_cert *cert = NULL;
    enum ot_status status = ot_cert_parse(&cert, der, len, err);

    if (status != OT_OK)
        return status;
    ot_cert_fill(cert, &facts);
    upload->row.valid_at = facts.valid_at;
    upload->row.expires_at = facts.expires_at;
    ot_cert_free(cert);
    upload->pem = ot_pem_encode(der, len);
    return upload->pem != NULL ? OT_OK : ot_error_nomem(err);
}

/* The bytes that came may hold a private key: they are wiped, and the reasons that the
 * parsers give never quote them. */
static enum ot_status check_pem(struct upload *upload, char *text, struct ot_error *err)
{
    size_t len = strlen(text), der_len = 0;
    uint8_t *der = NULL;
    enum ot_status status;

    if (len > OT_CERT_PEM_MAX)
        status = ot_error_set(err, OT_E_PROTOCOL, "it is larger than %u bytes",
                              OT_CERT_PEM_MAX);
    else
        status = ot_pem_decode(&der, &der_len, text, len, err);
    if (status == OT_OK)
        status = check_der(upload, der, der_len, err);
    OPENSSL_cleanse(text, len);
    free(der);
    return status;
}

static bool check(struct ot_context *context, const cJSON *body, struct upload *upload)
{
    struct ot_error err = OT_ERROR_INIT;
    const cJSON *pem = cJSON_GetObjectItemCaseSensitive(body, "certificate");
    enum ot_status status;

    if (!ot_body_name(body, &upload->row.name, context->reply))
        return false;
    if (!cJSON_IsString(pem)) {
        ot_reply_error(context->reply, 400,
                       pem == NULL ? "missing_parameter" : "invalid_type", "certificate",
                       "'certificate' must be a string: one certificate in PEM.");
        return false;
    }
    status = check_pem(upload, pem->valuestring, &err);
    if (status == OT_OK)
        return true;
    if (status == OT_E_PROTOCOL)
        ot_reply_error(context->reply, 400, "invalid_certificate", "certificate",
                       "'certificate' was not accepted: %s", err.message);
    else
        ot_reply_failure(context->reply, &err);
    return false;
}

/* OT_E_REFUSED: the organization is full, reply says so. */
static enum ot_status store(struct ot_context *context, struct upload *upload,
                            struct ot_error *err)
{
    int64_t count = 0;
    enum ot_status status = ot_db_cert_count(context->db, &count, err);

    if (status == OT_OK && count >= context->settings->max_certificates) {
        ot_reply_error(context->reply, 400, "certificate_limit_reached", NULL,
                       "This organization holds %" PRId64 " certificates, and %" PRId64
                       " is its limit: delete one first, or start the server with a "
                       "higher --max-certificates.",
                       count, context->settings->max_certificates);
        return OT_E_REFUSED;
    }
    if (status == OT_OK)
        status =
            ot_db_cert_insert(context->db, &upload->row, upload->pem, upload->id, err);
    if (status == OT_OK)
        status = ot_db_revision_next(context->db, err);
    if (status == OT_OK)
        status = ot_db_commit(context->db, err);
    return status;
}

static void save(struct ot_context *context, struct upload *upload)
{
    struct ot_error err = OT_ERROR_INIT;
    enum ot_status status = ot_db_begin(context->db, OT_WRITING, &err);

    upload->row.created_at = time(NULL);
    if (status == OT_OK)
        status = store(context, upload, &err);
    ot_db_rollback(context->db);
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
    struct upload upload = {.pem = NULL};
    cJSON *body = ot_body_parse(context->request, context->reply);

    if (text->data != NULL)
        OPENSSL_cleanse(text->data, text->size);
    if (body == NULL)
        return;
    if (check(context, body, &upload))
        save(context, &upload);
    free(upload.pem);
    cJSON_Delete(body);
}
