/* The commands that have a file each in this folder; those of install and doctor are in
 * their own. */
#ifndef OT_CLI_COMMANDS_COMMANDS_H
#define OT_CLI_COMMANDS_COMMANDS_H

#include "view/cli.h"

ot_command_run ot_cmd_sync, ot_cmd_watch, ot_cmd_status, ot_cmd_list, ot_cmd_show;
ot_command_run ot_cmd_export, ot_cmd_upload, ot_cmd_rename, ot_cmd_activate,
    ot_cmd_deactivate, ot_cmd_delete, ot_cmd_apply, ot_cmd_projects, ot_cmd_log,
    ot_cmd_hosts, ot_cmd_impact, ot_cmd_notify, ot_cmd_run;

#endif
