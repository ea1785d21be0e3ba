/* `orgtrust-server key create|list|revoke`. */
#ifndef OT_SERVER_KEY_COMMAND_H
#define OT_SERVER_KEY_COMMAND_H

#include "cache/error.h"
#include "complete/complete.h"

/* argv[0] is "key". Prints to standard output what was asked for. */
enum ot_status ot_key_command(int argc, char **argv, struct ot_error *err);

/* The commands there are, for completion; false: there is none of that number. */
bool ot_key_command_at(struct ot_complete_command *out, size_t i);
const struct ot_option_info *ot_key_command_options(size_t i);

#endif
