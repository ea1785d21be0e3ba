/* orgtrust activate and deactivate: make certificates trusted in the scope, or end that.
 */
#include "commands/carry_out_internal.h"
#include "commands/commands.h"
#include "commands/named_certs_internal.h"

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

/* Of --all only those that are to change. */
static enum ot_status plan_all(struct ot_changes *changes, struct ot_admin *admin,
                               bool active, struct ot_error *err)
{
    enum ot_status status = OT_OK;

    for (size_t i = 0; status == OT_OK && i < ot_admin_count(admin); i++)
        if (ot_admin_at(admin, i)->active != active)
            status =
                ot_changes_toggle(changes, admin, ot_admin_at(admin, i), active, err);
    return status;
}

static enum ot_status plan_toggles(struct ot_changes *changes, struct ot_admin *admin,
                                   const struct ot_options *options, bool active,
                                   struct ot_error *err)
{
    const struct ot_admin_cert **certs = NULL;
    enum ot_status status;
    size_t count = 0;

    if (options->all)
        return plan_all(changes, admin, active, err);
    status = ot_named_certs(&certs, &count, admin, options, err);
    for (size_t i = 0; status == OT_OK && i < count; i++)
        status = ot_changes_toggle(changes, admin, certs[i], active, err);
    free(certs);
    return status;
}

static enum ot_status toggle_certificates(struct ot_cli *cli, bool active,
                                          struct ot_error *err)
{
    struct ot_changes changes = {0};
    struct ot_admin_use use = {0};
    struct ot_carry_out carry_out = {.cli = cli, .use = &use, .changes = &changes};
    enum ot_status status = check_names_or_all(&cli->options, err);

    if (status == OT_OK)
        status = ot_admin_use_begin(&use, cli, err);
    if (status == OT_OK)
        status = plan_toggles(&changes, use.admin, &cli->options, active, err);
    if (cli->options.all && !active)
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
