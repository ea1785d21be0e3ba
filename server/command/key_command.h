/* `orgtrust-server key create|list|revoke`. */
#ifndef OT_SERVER_COMMAND_KEY_COMMAND_H
#define OT_SERVER_COMMAND_KEY_COMMAND_H

#include "base/error.h"

/* argv[0] is "key". Prints to standard output what was asked for. */
enum ot_status ot_key_command(int argc, char **argv, struct ot_error *err);

#endif
