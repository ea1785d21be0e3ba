/* orgtrust delete: remove certificates from the organization. */
#include <stdio.h>
#include <string.h>

#include "change/admin_scopes.h"
#include "commands/carry_out_internal.h"
#include "commands/commands.h"
#include "commands/named_certs_internal.h"

static enum ot_status open_scopes(struct ot_admin_scopes *scopes,
                                  const struct ot_admin_use *use, struct ot_error *err)
{
    return ot_admin_scopes_open(scopes, use->config, use->source,
                                ot_admin_project(use->admin), &use->options, err);
}

/* In every scope in which one of them is known to be active. */
static enum ot_status plan_deactivations(struct ot_changes *changes,
                                         const struct ot_admin_scopes *scopes,
                                         const struct ot_admin_cert *const *certs,
                                         size_t count, struct ot_error *err)
{
    enum ot_status status = OT_OK;

    for (size_t s = 0; s < scopes->count; s++) {
        struct ot_admin *admin = scopes->items[s];

        for (size_t i = 0; status == OT_OK && i < count; i++) {
            const struct ot_admin_cert *cert = ot_admin_scope_cert(admin, certs[i]->id);

            if (cert != NULL && cert->active)
                status = ot_changes_toggle(changes, admin, cert, false, err);
        }
    }
    return status;
}

static enum ot_status plan_deletions(struct ot_changes *changes,
                                     const struct ot_admin_use *use,
                                     const struct ot_admin_scopes *scopes,
                                     const struct ot_options *options,
                                     struct ot_error *err)
{
    const struct ot_admin_cert **certs = NULL;
    size_t count = 0;
    enum ot_status status = ot_named_certs(&certs, &count, use->admin, options, err);

    if (status == OT_OK)
        status = plan_deactivations(changes, scopes, certs, count, err);
    for (size_t i = 0; status == OT_OK && i < count; i++)
        status = ot_changes_delete(changes, use->admin, certs[i], false, err);
    free(certs);
    return status;
}

static bool is_kept(const struct ot_change *change)
{
    return change->action == OT_CHANGE_DELETE && change->status == OT_E_REFUSED &&
           change->why != NULL;
}

/* The API says why it keeps a certificate; here is added what our sources show, and what
 * to do. */
static void add_scopes(struct ot_carry_out *carry_out)
{
    struct ot_admin_scopes scopes = {0};
    enum ot_status status = OT_E_NOT_FOUND;

    for (size_t i = 0; i < carry_out->changes->count; i++)
        if (is_kept(&carry_out->changes->items[i])) {
            status = open_scopes(&scopes, carry_out->use, NULL);
            break;
        }
    for (size_t i = 0; status == OT_OK && i < carry_out->changes->count; i++) {
        struct ot_change *change = &carry_out->changes->items[i];
        char where[OT_ERROR_MAX / 2];
        char *why;

        if (!is_kept(change))
            continue;
        ot_admin_scopes_name(where, sizeof(where), &scopes, change->id);
        if (where[0] == '\0' ||
            asprintf(
                &why,
                "%s; this configuration sees it active in %s: --deactivate ends that "
                "first",
                change->why, where) < 0)
            continue;
        free(change->why);
        change->why = why;
    }
    ot_admin_scopes_close(&scopes);
}

enum ot_status ot_cmd_delete(struct ot_cli *cli, struct ot_error *err)
{
    struct ot_changes changes = {0};
    struct ot_admin_use use = {0};
    struct ot_admin_scopes scopes = {0};
    struct ot_carry_out carry_out = {.cli = cli,
                                     .use = &use,
                                     .changes = &changes,
                                     .question = "Deleted certificates are lost. Go on?",
                                     .failed = add_scopes};
    enum ot_status status = ot_admin_use_begin(&use, cli, err);

    if (status == OT_OK && cli->options.deactivate)
        status = open_scopes(&scopes, &use, err);
    if (status == OT_OK)
        status = plan_deletions(&changes, &use, &scopes, &cli->options, err);
    if (status == OT_OK)
        status = ot_carry_out(&carry_out, err);
    ot_changes_clear(&changes);
    ot_admin_scopes_close(&scopes);
    ot_admin_use_end(&use);
    return status;
}
