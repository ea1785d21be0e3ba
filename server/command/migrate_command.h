/* `orgtrust-server migrate`. */
#ifndef OT_SERVER_COMMAND_MIGRATE_COMMAND_H
#define OT_SERVER_COMMAND_MIGRATE_COMMAND_H

#include "base/error.h"

/* argv[0] is "migrate". Prints what was moved. */
enum ot_status ot_migrate_command(int argc, char **argv, struct ot_error *err);

#endif
