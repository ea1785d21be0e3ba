/* Digests of what is there, and uploads that are not repeated in vain. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/api_cert.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/span.h"
#include "change/admin.h"
#include "change/admin_internal.h"
#include "change/cert_input.h"
#include "http/http_request.h"
#include "snapshot/record.h"
#include "snapshot/snapshot.h"

static void look_up(struct ot_admin_cert *cert, struct ot_snapshot *snapshot)
{
    struct ot_record record;
    bool found;

    if (ot_snapshot_find_id(snapshot, ot_span_str(cert->id), &record, &found, NULL) !=
            OT_OK ||
        !found || (record.flags & OT_RECORD_QUARANTINED) != 0)
        return;
    memcpy(cert->sha256, ot_record_original_digest(&record, OT_DIGEST_SHA2_256).data,
           OT_SHA256_LEN);
    cert->has_sha256 = true;
}

static enum ot_status take_content(void *arg, size_t i, enum ot_status status,
                                   const struct ot_api_cert *cert, struct ot_error *err)
{
    struct ot_admin_cert *wanted = ((struct ot_admin_cert **)arg)[i];

    if (status == OT_E_NOT_FOUND) { /* deleted since it was listed */
        ot_error_clear(err);
        return OT_OK;
    }
    if (status != OT_OK || cert->content == NULL)
        return status;
    status = ot_cert_input_digest(wanted->sha256, cert->content, err);
    wanted->has_sha256 = status == OT_OK;
    if (status != OT_E_PROTOCOL)
        return status;
    ot_error_clear(err); /* equal to no certificate; a sync tells what it is */
    return OT_OK;
}

enum ot_status ot_admin_fingerprint(struct ot_admin *admin, struct ot_error *err)
{
    struct ot_admin_cert **wanted =
        calloc(admin->count + 1, sizeof(struct ot_admin_cert *));
    const char **ids = calloc(admin->count + 1, sizeof(*ids));
    struct ot_snapshot *snapshot = ot_admin_snapshot(admin);
    enum ot_status status = OT_OK;
    size_t count = 0;

    if (wanted == NULL || ids == NULL)
        status = ot_error_nomem(err);
    for (size_t i = 0; status == OT_OK && i < admin->count; i++) {
        struct ot_admin_cert *cert = &admin->certs[i];

        if (!cert->has_sha256 && snapshot != NULL)
            look_up(cert, snapshot);
        if (cert->has_sha256)
            continue;
        wanted[count] = cert;
        ids[count++] = cert->id;
    }
    if (status == OT_OK && count > 0)
        status = ot_api_get_many(admin->api, ids, count, take_content, wanted, err);
    ot_snapshot_unref(snapshot);
    free(wanted);
    free(ids);
    return status;
}

bool ot_admin_is_unclear(enum ot_status status)
{
    return status == OT_E_NETWORK || status == OT_E_SERVER || status == OT_E_PROTOCOL ||
           status == OT_E_INTERRUPTED;
}

static bool is_upload_stopped(const struct ot_admin *admin)
{
    return admin->stop != NULL && *admin->stop != 0;
}

/* A server that lost its answer may still be at work on the request. */
static void pause_before_look(const struct ot_admin *admin, unsigned attempt)
{
    const struct ot_http_tuning *tuning =
        admin->tuning != NULL ? admin->tuning : &ot_http_default_tuning;
    int64_t ms = tuning->retry_first_ms << attempt;

    if (ms > tuning->retry_longest_ms)
        ms = tuning->retry_longest_ms;
    poll(NULL, 0, (int)ms); /* a signal ends it */
}

/* *found: the certificate, which came there although nobody heard of it. */
static enum ot_status look_again(struct ot_admin *admin, const uint8_t *sha256,
                                 const struct ot_admin_cert **found, struct ot_error *err)
{
    enum ot_status status = ot_admin_list(admin, err);

    if (status == OT_OK)
        status = ot_admin_fingerprint(admin, err);
    *found = status == OT_OK ? ot_admin_find_sha256(admin, sha256) : NULL;
    return status;
}

static enum ot_status leave_unclear(enum ot_status status, struct ot_error *err)
{
    struct ot_error why;

    if (err == NULL)
        return status;
    why = *err;
    return ot_error_set(err, status,
                        "it is not known whether the upload arrived; run the command "
                        "again, what is there is not sent twice: %s",
                        why.message);
}

enum ot_status ot_admin_upload(struct ot_admin *admin, const struct ot_cert_input *input,
                               const char *name, char id[OT_ID_MAX + 1],
                               struct ot_error *err)
{
    for (unsigned attempt = 0;; attempt++) {
        const struct ot_admin_cert *found = NULL;
        struct ot_error again = OT_ERROR_INIT;
        struct ot_api_cert cert = {0};
        enum ot_status status = ot_api_upload(admin->api, input->pem, name, &cert, err);

        if (status == OT_OK)
            memcpy(id, cert.id, sizeof(cert.id));
        ot_api_cert_clear(&cert);
        if (status == OT_E_INTERRUPTED)
            return leave_unclear(status, err);
        if (!ot_admin_is_unclear(status))
            return status;
        pause_before_look(admin, attempt);
        if (is_upload_stopped(admin) ||
            look_again(admin, input->sha256, &found, &again) != OT_OK)
            return leave_unclear(status, err);
        if (found != NULL) {
            memcpy(id, found->id, sizeof(found->id));
            ot_error_clear(err);
            return OT_OK;
        }
        if (attempt >= OT_RETRIES_MAX)
            return status;
        ot_error_clear(err);
    }
}
