/* The last thing that follows a sync: this host tells what it has, where that is due. */
#ifndef OT_CLI_COMMANDS_FOLLOW_REPORT_INTERNAL_H
#define OT_CLI_COMMANDS_FOLLOW_REPORT_INTERNAL_H

#include "config/config.h"
#include "view/cli.h"

/* To each API once. What fails is one line, and changes nothing. */
void ot_follow_report(const struct ot_cli *cli, const struct ot_config *config);

#endif
