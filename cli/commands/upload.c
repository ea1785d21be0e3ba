/* orgtrust upload: put certificates into the organization. */
#include <string.h>
#include <unistd.h>

#include "commands/carry_out_internal.h"
#include "commands/commands.h"
#include "commands/until_internal.h"
#include "commands/warn_hosted_internal.h"
#include "commands/warn_upload_internal.h"

static enum ot_status read_inputs(struct ot_cert_inputs *inputs,
                                  const struct ot_options *options, struct ot_error *err)
{
    enum ot_status status = OT_OK;

    if (options->as_is && options->extract)
        return ot_error_set(err, OT_E_USAGE,
                            "--as-is and --extract exclude each other: the one leaves a "
                            "file as it is, the other takes it apart");
    inputs->is_as_is = options->as_is;
    inputs->extracts = options->extract;
    for (int i = 0; status == OT_OK && i < options->argument_count; i++) {
        const char *path = options->arguments[i];

        status = strcmp(path, "-") == 0
                     ? ot_cert_inputs_add_fd(inputs, "standard input", STDIN_FILENO, err)
                     : ot_cert_inputs_add_file(inputs, path, err);
    }
    if (status == OT_OK && options->name != NULL && inputs->count > 1)
        status = ot_error_set(err, OT_E_USAGE,
                              "--name is for one certificate, and here are %zu",
                              inputs->count);
    return status;
}

static enum ot_status read_activation(struct ot_activation *activation,
                                      const struct ot_options *options,
                                      struct ot_error *err)
{
    if (options->until != NULL && !options->activate)
        return ot_error_set(err, OT_E_USAGE,
                            "--until is for --activate: it says when what that activates "
                            "is deactivated again");
    return ot_until_read(activation, options->until, err);
}

enum ot_status ot_cmd_upload(struct ot_cli *cli, struct ot_error *err)
{
    struct ot_cert_inputs inputs = {0};
    struct ot_changes changes = {0};
    struct ot_admin_use use = {0};
    struct ot_activation activation = {0};
    struct ot_carry_out carry_out = {.cli = cli, .use = &use, .changes = &changes};
    /* Before anything else: what must not leave the machine is found here. */
    enum ot_status status = read_inputs(&inputs, &cli->options, err);

    if (status == OT_OK)
        status = read_activation(&activation, &cli->options, err);
    if (status == OT_OK)
        status = ot_admin_use_source(&use, cli, err);
    if (status == OT_OK)
        status = ot_until_check_source(use.source, &activation, err);
    if (status == OT_OK)
        status = ot_admin_use_list(&use, cli, err);
    if (use.source != NULL)
        ot_warn_hosted(use.source, &inputs);
    if (status == OT_OK)
        status = ot_admin_fingerprint(use.admin, err);
    if (status == OT_OK)
        status = ot_changes_upload(&changes, use.admin, &inputs, cli->options.name,
                                   cli->options.activate ? &activation : NULL, err);
    if (status == OT_OK)
        ot_warn_upload(use.admin, &changes, cli->options.name);
    if (status == OT_OK)
        status = ot_carry_out(&carry_out, err);
    ot_changes_clear(&changes);
    ot_admin_use_end(&use);
    ot_cert_inputs_clear(&inputs);
    return status;
}
