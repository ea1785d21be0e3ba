#include "sync/sync_content_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "cert/cert.h"
#include "cert/pem.h"

enum ot_status ot_content_new(struct ot_content **out, const char *id, int64_t created_at,
                              struct ot_error *err)
{
    *out = calloc(1, sizeof(**out));
    if (*out == NULL)
        return ot_error_nomem(err);
    memcpy((*out)->id, id, strlen(id) + 1);
    (*out)->created_at = created_at;
    return OT_OK;
}

void ot_content_free(struct ot_content *content)
{
    if (content == NULL)
        return;
    ot_cert_free(content->cert);
    free(content->note);
    free(content->extra);
    free(content);
}

/* What is wrong with the certificate is its note, anything else a failure. */
static enum ot_status conclude(struct ot_content *content, enum ot_status status,
                               const struct ot_error *reason, struct ot_error *err)
{
    if (status == OT_E_PROTOCOL) {
        content->note = strdup(reason->message);
        return content->note != NULL ? OT_OK : ot_error_nomem(err);
    }
    if (status != OT_OK) {
        if (err != NULL)
            *err = *reason;
        ot_error_prefix(err, "certificate %s", content->id);
    }
    return status;
}

enum ot_status ot_content_accept_der(struct ot_content *content, struct ot_span der,
                                     struct ot_error *err)
{
    struct ot_error reason = OT_ERROR_INIT;
    enum ot_status status = OT_OK;

    if (ot_secret_stands_in(der.data, der.len))
        status = ot_error_set(&reason, OT_E_PROTOCOL,
                              "it holds the admin key, which was not kept; delete the "
                              "entry, and make a new key");
    if (status == OT_OK)
        status = ot_cert_parse(&content->cert, der.data, der.len, &reason);
    return conclude(content, status, &reason, err);
}

enum ot_status ot_content_accept(struct ot_content *content, const char *text,
                                 struct ot_error *err)
{
    struct ot_error reason = OT_ERROR_INIT;
    uint8_t *der = NULL;
    size_t len = 0;
    enum ot_status status = ot_pem_decode(&der, &len, text, strlen(text), &reason);

    status = status == OT_OK ? ot_content_accept_der(content, ot_span_of(der, len), err)
                             : conclude(content, status, &reason, err);
    free(der);
    return status;
}
