/* orgtrust install and uninstall: plan, show, ask, carry out, report. */
#ifndef OT_CLI_INSTALL_INSTALL_H
#define OT_CLI_INSTALL_INSTALL_H

#include "command.h"

enum ot_install_direction { OT_INSTALL, OT_UNINSTALL };

/* For the stacks that the command line names, else all. Fails with the first that was
 * refused or did not succeed; one that is absent fails only where it was named. */
enum ot_status ot_install_run(struct ot_cli *cli, enum ot_install_direction direction,
                              struct ot_error *err);

#endif
