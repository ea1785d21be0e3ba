/* What activate and deactivate have in common: all but the direction. */
#ifndef OT_CLI_TOGGLE_H
#define OT_CLI_TOGGLE_H

#include "command.h"

enum ot_status ot_toggle(struct ot_cli *cli, bool active, struct ot_error *err);

#endif
