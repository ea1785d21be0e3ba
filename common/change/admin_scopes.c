#include "change/admin_scopes.h"

#include <stdio.h>
#include <string.h>

#include "change/admin.h"
#include "config/config.h"
#include "config/source.h"

static bool is_scope(const struct ot_admin *admin, const char *project)
{
    const char *own = ot_admin_project(admin);

    return strcmp(own != NULL ? own : "", project) == 0;
}

static bool is_open(const struct ot_admin_scopes *scopes, const char *project)
{
    for (size_t i = 0; i < scopes->count; i++)
        if (is_scope(scopes->items[i], project))
            return true;
    return false;
}

static enum ot_status open_scope(struct ot_admin_scopes *scopes,
                                 const struct ot_source *source, const char *project,
                                 const struct ot_admin_options *options,
                                 struct ot_error *err)
{
    struct ot_admin *admin = NULL;
    enum ot_status status;

    if (is_open(scopes, project))
        return OT_OK;
    status = ot_admin_open(&admin, source, project, options, err);
    if (status == OT_OK)
        status = ot_admin_list(admin, err);
    if (status == OT_OK)
        scopes->items[scopes->count++] = admin;
    else
        ot_admin_close(admin);
    return status;
}

enum ot_status ot_admin_scopes_open(struct ot_admin_scopes *scopes,
                                    const struct ot_config *config,
                                    const struct ot_source *source, const char *project,
                                    const struct ot_admin_options *options,
                                    struct ot_error *err)
{
    enum ot_status status =
        open_scope(scopes, source, project != NULL ? project : "", options, err);

    if (status == OT_OK)
        status = open_scope(scopes, source, "", options, err);
    for (size_t i = 0; status == OT_OK && i < ot_config_count(config); i++) {
        const struct ot_source *other = ot_config_at(config, i);

        if (other->project == NULL || strcmp(other->base_url, source->base_url) != 0)
            continue;
        /* A project that is gone, or not this key's, is none of this command's business.
         */
        if (open_scope(scopes, source, other->project, options, NULL) == OT_E_INTERRUPTED)
            status = ot_error_set(err, OT_E_INTERRUPTED, "interrupted");
    }
    if (status != OT_OK)
        ot_admin_scopes_close(scopes);
    return status;
}

void ot_admin_scopes_close(struct ot_admin_scopes *scopes)
{
    while (scopes->count > 0)
        ot_admin_close(scopes->items[--scopes->count]);
}

const struct ot_admin_cert *ot_admin_scope_cert(const struct ot_admin *admin,
                                                const char *id)
{
    for (size_t i = 0; i < ot_admin_count(admin); i++)
        if (strcmp(ot_admin_at(admin, i)->id, id) == 0)
            return ot_admin_at(admin, i);
    return NULL;
}

void ot_admin_scopes_name(char *text, size_t size, const struct ot_admin_scopes *scopes,
                          const char *id)
{
    text[0] = '\0';
    for (size_t i = 0; i < scopes->count; i++) {
        const char *project = ot_admin_project(scopes->items[i]);
        const struct ot_admin_cert *cert = ot_admin_scope_cert(scopes->items[i], id);
        size_t len = strlen(text);

        if (cert != NULL && cert->active)
            snprintf(text + len, size - len, "%s%s%s", len > 0 ? ", " : "",
                     project != NULL ? "project " : "the organization",
                     project != NULL ? project : "");
    }
}
