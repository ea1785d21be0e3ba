/* orgtrust uninstall: take back what install has changed. */
#include "install/install.h"

enum ot_status ot_cmd_uninstall(struct ot_cli *cli, struct ot_error *err)
{
    return ot_install_run(cli, OT_UNINSTALL, err);
}
