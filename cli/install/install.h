/* orgtrust install and uninstall: plan, show, ask, carry out, report. */
#ifndef OT_CLI_INSTALL_INSTALL_H
#define OT_CLI_INSTALL_INSTALL_H

#include "view/cli.h"

/* For the stacks that the command line names, else all. Both fail with the first that was
 * refused or did not succeed; one that is absent fails only where it was named. */
ot_command_run ot_cmd_install, ot_cmd_uninstall;

/* The stacks in turn, with what each is; NULL: there are no more. */
const char *ot_install_stack_at(size_t i, const char **summary);

#endif
