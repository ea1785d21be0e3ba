/* orgtrust rename: give a certificate another name. */
#include "commands/carry_out_internal.h"
#include "commands/commands.h"
#include "commands/named_certs_internal.h"
#include "commands/warn_upload_internal.h"

enum ot_status ot_cmd_rename(struct ot_cli *cli, struct ot_error *err)
{
    struct ot_changes changes = {0};
    struct ot_admin_use use = {0};
    struct ot_carry_out carry_out = {.cli = cli, .use = &use, .changes = &changes};
    const struct ot_admin_cert *cert = NULL;
    enum ot_status status = ot_admin_use_begin(&use, cli, err);

    if (status == OT_OK)
        status = ot_named_cert(&cert, use.admin, &cli->options, cli->options.arguments[0],
                               err);
    if (status == OT_OK)
        ot_warn_taken(use.admin, cli->options.arguments[1], cert, cert->id);
    if (status == OT_OK)
        status =
            ot_changes_rename(&changes, use.admin, cert, cli->options.arguments[1], err);
    if (status == OT_OK)
        status = ot_carry_out(&carry_out, err);
    ot_changes_clear(&changes);
    ot_admin_use_end(&use);
    return status;
}
