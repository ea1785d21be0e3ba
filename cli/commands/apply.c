/* orgtrust apply: make the certificates of a directory the active ones. */
#include "commands/carry_out_internal.h"
#include "commands/commands.h"
#include "commands/warn_upload_internal.h"

static enum ot_status read_dir(struct ot_cert_inputs *inputs,
                               const struct ot_options *options, struct ot_error *err)
{
    const char *path = options->arguments[0];
    enum ot_status status = ot_cert_inputs_add_dir(inputs, path, err);

    if (status == OT_OK && inputs->count == 0 && !options->accept_empty)
        status =
            ot_error_set(err, OT_E_EMPTY,
                         "%s holds no certificate: nothing would be trusted any more; "
                         "say --accept-empty if that is meant",
                         path);
    return status;
}

static enum ot_status check_prune(const struct ot_admin_use *use,
                                  const struct ot_options *options, struct ot_error *err)
{
    if (!options->prune || ot_admin_project(use->admin) == NULL)
        return OT_OK;
    return ot_error_set(err, OT_E_USAGE,
                        "--prune is for the organization: its certificates are not those "
                        "of a project alone");
}

enum ot_status ot_cmd_apply(struct ot_cli *cli, struct ot_error *err)
{
    struct ot_cert_inputs inputs = {0};
    struct ot_changes changes = {0};
    struct ot_admin_use use = {0};
    struct ot_carry_out carry_out = {
        .cli = cli, .use = &use, .changes = &changes, .shows_plan = !cli->options.json};
    enum ot_status status = read_dir(&inputs, &cli->options, err);

    if (status == OT_OK)
        status = ot_admin_use_begin(&use, cli, err);
    if (status == OT_OK)
        status = check_prune(&use, &cli->options, err);
    if (status == OT_OK)
        status = ot_admin_fingerprint(use.admin, err);
    if (status == OT_OK)
        status = ot_changes_apply(&changes, use.admin, &inputs, cli->options.prune, err);
    if (status == OT_OK)
        ot_warn_upload(use.admin, &changes, NULL);
    if (ot_changes_remove(&changes))
        carry_out.question =
            "What is deactivated is no longer trusted, what is deleted is lost. Go on?";
    if (status == OT_OK)
        status = ot_carry_out(&carry_out, err);
    if (status == OT_OK && !cli->options.json && changes.count == 0)
        ot_output_printf(&cli->out, "nothing to do\n");
    ot_changes_clear(&changes);
    ot_admin_use_end(&use);
    ot_cert_inputs_clear(&inputs);
    return status;
}
