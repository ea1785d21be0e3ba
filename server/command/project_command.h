/* `orgtrust-server project create|list`. */
#ifndef OT_SERVER_COMMAND_PROJECT_COMMAND_H
#define OT_SERVER_COMMAND_PROJECT_COMMAND_H

#include "base/error.h"

/* argv[0] is "project". Prints to standard output what was asked for. */
enum ot_status ot_project_command(int argc, char **argv, struct ot_error *err);

#endif
