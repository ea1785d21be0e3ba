/* orgtrust activate and deactivate: make certificates trusted in the scope, or end that.
 */
#include <stdlib.h>

#include "commands/carry_out_internal.h"
#include "commands/commands.h"
#include "commands/named_certs_internal.h"
#include "commands/until_internal.h"
#include "config/source.h"
#include "view/output.h"

static enum ot_status check_names_or_all(const struct ot_options *options,
                                         struct ot_error *err)
{
    if (options->all && options->argument_count > 0)
        return ot_error_set(err, OT_E_USAGE, "--all and names exclude each other");
    if (!options->all && options->argument_count == 0)
        return ot_error_set(err, OT_E_USAGE,
                            "which certificates? Give ids or names, or --all");
    return OT_OK;
}

/* What is planned of each certificate. */
struct toggles {
    bool active;
    struct ot_activation activation; /* where they are to be active */
    bool inherits;                   /* what is active in the organization counts, too */
};

static void warn_inherited(const struct toggles *toggles,
                           const struct ot_admin_cert *cert)
{
    if (cert->is_inherited && toggles->inherits)
        ot_output_warn("%s is active in the organization, which counts in the project, "
                       "too: it stays trusted until it is deactivated with --project ''",
                       cert->id);
}

static enum ot_status plan_one(struct ot_changes *changes, struct ot_admin *admin,
                               const struct ot_admin_cert *cert,
                               const struct toggles *toggles, struct ot_error *err)
{
    if (toggles->active)
        return ot_changes_activate(changes, admin, cert, &toggles->activation, err);
    warn_inherited(toggles, cert);
    return ot_changes_toggle(changes, admin, cert, false, err);
}

/* Of --all only those that are to change. */
static enum ot_status plan_all(struct ot_changes *changes, struct ot_admin *admin,
                               const struct toggles *toggles, struct ot_error *err)
{
    enum ot_status status = OT_OK;

    for (size_t i = 0; status == OT_OK && i < ot_admin_count(admin); i++)
        if (ot_admin_at(admin, i)->active != toggles->active)
            status = plan_one(changes, admin, ot_admin_at(admin, i), toggles, err);
    return status;
}

static enum ot_status plan_toggles(struct ot_changes *changes, struct ot_admin *admin,
                                   const struct ot_options *options,
                                   const struct toggles *toggles, struct ot_error *err)
{
    const struct ot_admin_cert **certs = NULL;
    enum ot_status status;
    size_t count = 0;

    if (options->all)
        return plan_all(changes, admin, toggles, err);
    status = ot_named_certs(&certs, &count, admin, options, err);
    for (size_t i = 0; status == OT_OK && i < count; i++)
        status = plan_one(changes, admin, certs[i], toggles, err);
    free(certs);
    return status;
}

static enum ot_status toggle_certificates(struct ot_cli *cli, bool active,
                                          struct ot_error *err)
{
    struct toggles toggles = {.active = active};
    struct ot_changes changes = {0};
    struct ot_admin_use use = {0};
    struct ot_carry_out carry_out = {.cli = cli, .use = &use, .changes = &changes};
    enum ot_status status = check_names_or_all(&cli->options, err);

    if (status == OT_OK)
        status = ot_until_read(&toggles.activation, cli->options.until, err);
    if (status == OT_OK)
        status = ot_admin_use_source(&use, cli, err);
    if (status == OT_OK)
        status = ot_until_check_source(use.source, &toggles.activation, err);
    if (status == OT_OK) {
        toggles.inherits = use.source->inherit && !ot_source_distrusts(use.source);
        status = ot_admin_use_list(&use, cli, err);
    }
    if (status == OT_OK)
        status = plan_toggles(&changes, use.admin, &cli->options, &toggles, err);
    if (!active && (cli->options.all || ot_changes_leave_none(&changes)))
        carry_out.question = "Nothing will be trusted in this scope. Go on?";
    if (status == OT_OK)
        status = ot_carry_out(&carry_out, err);
    ot_changes_clear(&changes);
    ot_admin_use_end(&use);
    return status;
}

enum ot_status ot_cmd_activate(struct ot_cli *cli, struct ot_error *err)
{
    return toggle_certificates(cli, true, err);
}

enum ot_status ot_cmd_deactivate(struct ot_cli *cli, struct ot_error *err)
{
    return toggle_certificates(cli, false, err);
}
