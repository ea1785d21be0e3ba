#include "change/admin.h"

#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/api_cert.h"
#include "change/admin_internal.h"
#include "config/identifier.h"
#include "config/source.h"
#include "http/http.h"
#include "sync/sync_list.h"
#include "sync/sync_options.h"

static bool is_project(const struct ot_admin *admin)
{
    return admin->source.project != NULL;
}

static enum ot_status open_api(struct ot_api **out, const struct ot_admin *admin,
                               const struct ot_source *source, struct ot_error *err)
{
    enum ot_status status = ot_api_new(out, source, admin->key, admin->tuning, err);

    if (status == OT_OK)
        ot_http_set_stop(ot_api_http(*out), admin->stop);
    return status;
}

/* The list of a project may show a part of the organization only. */
static enum ot_status open_organization(struct ot_admin *admin, struct ot_error *err)
{
    struct ot_source source = admin->source;

    source.project = NULL;
    return open_api(&admin->organization, admin, &source, err);
}

enum ot_status ot_admin_open(struct ot_admin **out, const struct ot_source *source,
                             const char *project, const struct ot_admin_options *options,
                             struct ot_error *err)
{
    struct ot_admin *admin = calloc(1, sizeof(*admin));
    enum ot_status status = OT_OK;

    *out = NULL;
    if (admin == NULL)
        return ot_error_nomem(err);
    admin->configured = source;
    admin->key = options->key;
    admin->tuning = options->tuning;
    admin->stop = options->stop;
    admin->source = *source;
    if (project == NULL)
        project = source->project;
    if (project != NULL && !ot_is_cert_id(project, strlen(project)) && *project != '\0')
        status = ot_error_set(
            err, OT_E_USAGE,
            "\"%.80s\" is not a project's id; 'orgtrust projects' lists them", project);
    admin->source.project = NULL;
    if (status == OT_OK && project != NULL && *project != '\0') {
        admin->project = strdup(project);
        admin->source.project = admin->project;
        status = admin->project != NULL ? OT_OK : ot_error_nomem(err);
    }
    if (status == OT_OK)
        status = open_api(&admin->api, admin, &admin->source, err);
    if (status == OT_OK && is_project(admin))
        status = open_organization(admin, err);
    if (status == OT_OK)
        *out = admin;
    else
        ot_admin_close(admin);
    return status;
}

static void free_certs(struct ot_admin_cert *certs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(certs[i].name);
        free(certs[i].label);
    }
    free(certs);
}

void ot_admin_close(struct ot_admin *admin)
{
    if (admin == NULL)
        return;
    free_certs(admin->certs, admin->count);
    ot_api_free(admin->api);
    ot_api_free(admin->organization);
    free(admin->project);
    free(admin);
}

struct ot_api *ot_admin_api(struct ot_admin *admin)
{
    return admin->api;
}

void ot_admin_begin_time(struct ot_admin *admin)
{
    ot_http_begin_time(ot_api_http(admin->api));
    if (admin->organization != NULL)
        ot_http_begin_time(ot_api_http(admin->organization));
}

const char *ot_admin_project(const struct ot_admin *admin)
{
    return admin->project;
}

size_t ot_admin_count(const struct ot_admin *admin)
{
    return admin->count;
}

const struct ot_admin_cert *ot_admin_at(const struct ot_admin *admin, size_t i)
{
    return &admin->certs[i];
}

static void take_listed(struct ot_admin_cert *cert, struct ot_api_cert *item, bool active)
{
    memcpy(cert->id, item->id, sizeof(cert->id));
    cert->name = item->name;
    item->name = NULL;
    cert->active = active;
    cert->expires_at = item->has_expires_at ? item->expires_at : 0;
}

/* Rows of the organization, then those that only the project's list has. */
static size_t merge_listings(struct ot_admin_cert *certs, struct ot_listing *organization,
                             struct ot_listing *scope, bool is_same)
{
    size_t count = 0;

    for (size_t i = 0; i < organization->count; i++) {
        struct ot_api_cert *item = &organization->certs[i];
        const struct ot_api_cert *here = ot_listing_find(scope, item->id);
        bool active = is_same ? item->active : here != NULL && here->active;

        certs[count].ends_at =
            here != NULL ? ot_listing_joined_end(item, here) : item->ends_at;
        certs[count].is_inherited = !is_same && item->active;
        take_listed(&certs[count++], item, active);
    }
    for (size_t i = 0; i < scope->count; i++)
        if (ot_listing_find(organization, scope->certs[i].id) == NULL) {
            certs[count].ends_at = scope->certs[i].ends_at;
            take_listed(&certs[count++], &scope->certs[i], scope->certs[i].active);
        }
    return count;
}

/* What is known of a certificate's content stays so. */
static void keep_known_digest(struct ot_admin_cert *certs,
                              const struct ot_listing *organization,
                              const struct ot_admin_cert *old)
{
    const struct ot_api_cert *item = ot_listing_find(organization, old->id);
    struct ot_admin_cert *cert;

    if (item == NULL)
        return;
    cert = &certs[item - organization->certs]; /* merge keeps their order */
    cert->has_sha256 = old->has_sha256;
    memcpy(cert->sha256, old->sha256, OT_SHA256_LEN);
}

static enum ot_status replace_listing(struct ot_admin *admin,
                                      struct ot_listing *organization,
                                      struct ot_listing *scope, struct ot_error *err)
{
    size_t count = organization->count + scope->count;
    struct ot_admin_cert *certs = calloc(count > 0 ? count : 1, sizeof(*certs));

    if (certs == NULL)
        return ot_error_nomem(err);
    count = merge_listings(certs, organization, scope, !is_project(admin));
    for (size_t i = 0; i < admin->count; i++)
        keep_known_digest(certs, organization, &admin->certs[i]);
    free_certs(admin->certs, admin->count);
    admin->certs = certs;
    admin->count = count;
    return ot_admin_label(admin, err);
}

enum ot_status ot_admin_list(struct ot_admin *admin, struct ot_error *err)
{
    const struct ot_sync_options options = {.stop = admin->stop};
    struct ot_listing organization = {0}, scope = {0};
    enum ot_status status;

    if (is_project(admin)) {
        status = ot_listing_fetch(&organization, admin->organization, &options, err);
        if (status == OT_OK)
            status = ot_listing_fetch(&scope, admin->api, &options, err);
    } else {
        status = ot_listing_fetch(&organization, admin->api, &options, err);
    }
    if (status == OT_OK)
        status = replace_listing(admin, &organization, &scope, err);
    ot_listing_clear(&scope);
    ot_listing_clear(&organization);
    return status;
}

const struct ot_admin_cert *ot_admin_find_sha256(const struct ot_admin *admin,
                                                 const uint8_t sha256[OT_SHA256_LEN])
{
    const struct ot_admin_cert *found = NULL;

    for (size_t i = 0; i < admin->count; i++) {
        const struct ot_admin_cert *cert = &admin->certs[i];

        if (!cert->has_sha256 || memcmp(cert->sha256, sha256, OT_SHA256_LEN) != 0)
            continue;
        if (cert->active)
            return cert;
        if (found == NULL)
            found = cert;
    }
    return found;
}
