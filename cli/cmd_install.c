/* orgtrust install: make the programs of this machine, or of this user, ask orgtrust. */
#include "install/install.h"

enum ot_status ot_cmd_install(struct ot_cli *cli, struct ot_error *err)
{
    return ot_install_run(cli, OT_INSTALL, err);
}
