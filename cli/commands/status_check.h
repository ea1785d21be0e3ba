/* orgtrust status --check: the state of a machine as a monitoring check tells it. */
#ifndef OT_CLI_COMMANDS_STATUS_CHECK_H
#define OT_CLI_COMMANDS_STATUS_CHECK_H

#include "view/cli.h"
#include "view/machine_report.h"

/* The exit statuses of a check, as the Monitoring Plugins' guidelines have them. */
enum ot_check { OT_CHECK_OK, OT_CHECK_WARNING, OT_CHECK_CRITICAL, OT_CHECK_UNKNOWN };

/* Prints the line and puts what it comes to into cli->verdict. */
void ot_status_check(struct ot_cli *cli, const struct ot_machine_report *machine);

/* The line of a check that could not be made. */
void ot_status_check_unknown(struct ot_output *out, const char *why);

#endif
