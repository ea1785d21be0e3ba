#include "change/lock_out.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/api_cert.h"
#include "cert/pem.h"
#include "change/admin.h"
#include "change/cert_input.h"
#include "change/change.h"
#include "config/source.h"
#include "http/client_cert.h"

/* The active certificates of a scope, before or after the changes. */
struct anchors {
    X509_STORE *store;
    size_t count;
};

static bool is_planned_toggle(const struct ot_change *change)
{
    return change->outcome == OT_CHANGE_PLANNED &&
           (change->action == OT_CHANGE_ACTIVATE ||
            change->action == OT_CHANGE_DEACTIVATE);
}

static enum ot_status add_first_block(void *arg, const uint8_t *der, size_t len,
                                      struct ot_error *err)
{
    X509 **first = arg;
    const unsigned char *at = der;

    (void)err;
    if (*first == NULL)
        *first = d2i_X509(NULL, &at, (long)len);
    ERR_clear_error();
    return OT_OK;
}

/* What is no certificate vouches for nobody. */
static enum ot_status add_pem_anchor(struct anchors *anchors, const char *pem,
                                     struct ot_error *err)
{
    X509 *first = NULL;
    enum ot_status status = ot_pem_each(pem, strlen(pem), add_first_block, &first, NULL);

    if (status != OT_OK && status != OT_E_PROTOCOL)
        return ot_error_nomem(err);
    if (first != NULL && X509_STORE_add_cert(anchors->store, first) != 1)
        status = OT_E_NOMEM;
    X509_free(first);
    return status == OT_E_NOMEM ? ot_error_nomem(err) : OT_OK;
}

static enum ot_status take_anchor(void *arg, size_t i, enum ot_status status,
                                  const struct ot_api_cert *cert, struct ot_error *err)
{
    (void)i;
    if (status == OT_E_NOT_FOUND) { /* deleted since it was listed */
        ot_error_clear(err);
        return OT_OK;
    }
    if (status != OT_OK || cert->content == NULL)
        return status;
    return add_pem_anchor(arg, cert->content, err);
}

/* Whether a certificate is active in the scope once the changes are made. */
static bool is_active_after(const struct ot_changes *changes,
                            const struct ot_admin *admin,
                            const struct ot_admin_cert *cert)
{
    bool active = cert->active;

    for (size_t i = 0; i < changes->count; i++) {
        const struct ot_change *change = &changes->items[i];

        if (is_planned_toggle(change) && change->admin == admin &&
            strcmp(change->id, cert->id) == 0)
            active = change->action == OT_CHANGE_ACTIVATE;
    }
    return active;
}

static enum ot_status add_uploads(struct anchors *anchors,
                                  const struct ot_changes *changes,
                                  const struct ot_admin *admin, struct ot_error *err)
{
    enum ot_status status = OT_OK;

    for (size_t i = 0; status == OT_OK && i < changes->count; i++) {
        const struct ot_change *change = &changes->items[i];

        if (!is_planned_toggle(change) || change->admin != admin ||
            change->upload == OT_CHANGE_NONE)
            continue;
        anchors->count++;
        status = add_pem_anchor(anchors, changes->items[change->upload].input->pem, err);
    }
    return status;
}

/* What counts in the scope: in a project also what is active in the organization. */
static enum ot_status gather_anchors(struct anchors *anchors,
                                     const struct ot_changes *changes,
                                     struct ot_admin *admin, bool after,
                                     struct ot_error *err)
{
    const char **ids = calloc(ot_admin_count(admin) + 1, sizeof(*ids));
    enum ot_status status = OT_OK;

    anchors->store = X509_STORE_new();
    if (anchors->store == NULL || ids == NULL)
        status = ot_error_nomem(err);
    for (size_t i = 0; status == OT_OK && i < ot_admin_count(admin); i++) {
        const struct ot_admin_cert *cert = ot_admin_at(admin, i);

        if (cert->is_inherited ||
            (after ? is_active_after(changes, admin, cert) : cert->active))
            ids[anchors->count++] = cert->id;
    }
    if (status == OT_OK && anchors->count > 0)
        status = ot_api_get_many(ot_admin_api(admin), ids, anchors->count, take_anchor,
                                 anchors, err);
    free(ids);
    return status == OT_OK && after ? add_uploads(anchors, changes, admin, err) : status;
}

static bool anchors_vouch_for(const struct anchors *anchors,
                              const struct ot_client_cert *own)
{
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    bool good = false;

    if (context != NULL &&
        X509_STORE_CTX_init(context, anchors->store, own->cert, own->chain) == 1) {
        X509_STORE_CTX_set_flags(context, X509_V_FLAG_PARTIAL_CHAIN);
        good = X509_verify_cert(context) == 1;
    }
    X509_STORE_CTX_free(context);
    ERR_clear_error();
    return good;
}

static enum ot_status check_scope(const struct ot_changes *changes,
                                  struct ot_admin *admin,
                                  const struct ot_client_cert *own, struct ot_error *err)
{
    struct anchors before = {NULL, 0}, after = {NULL, 0};
    const char *project = ot_admin_project(admin);
    enum ot_status status = gather_anchors(&after, changes, admin, true, err);

    if (status == OT_OK && !anchors_vouch_for(&after, own)) {
        status = gather_anchors(&before, changes, admin, false, err);
        if (status == OT_OK && (before.count == 0 || anchors_vouch_for(&before, own)))
            status = ot_error_set(
                err, OT_E_REFUSED,
                "nothing was changed: afterwards no active certificate of %s%s would "
                "vouch for this client's own certificate (client_cert), so that the API "
                "would refuse it. Let its authority be active as well, or say "
                "--even-if-it-locks-me-out",
                project != NULL ? "project " : "the organization",
                project != NULL ? project : "");
    }
    X509_STORE_free(before.store);
    X509_STORE_free(after.store);
    return status;
}

/* Whether a change before this one is about the same scope. */
static bool is_seen(const struct ot_changes *changes, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (is_planned_toggle(&changes->items[k]) &&
            changes->items[k].admin == changes->items[i].admin)
            return true;
    return false;
}

enum ot_status ot_changes_check_lock_out(const struct ot_changes *changes,
                                         const struct ot_source *source,
                                         struct ot_error *err)
{
    struct ot_client_cert own = {NULL, NULL, NULL};
    enum ot_status status = OT_OK;

    if (source->client_cert == NULL)
        return OT_OK;
    status = ot_client_cert_load(&own, source, err);
    for (size_t i = 0; status == OT_OK && i < changes->count; i++)
        if (is_planned_toggle(&changes->items[i]) && !is_seen(changes, i))
            status = check_scope(changes, changes->items[i].admin, &own, err);
    ot_client_cert_clear(&own);
    return status;
}
