/* What `orgtrust complete` offers: the table of commands, and what is on this machine. It
 * reads the configuration and the snapshot; it uses no network and starts nothing. */
#ifndef OT_CLI_COMPLETION_H
#define OT_CLI_COMPLETION_H

#include "complete/complete.h"

extern const struct ot_complete_program ot_completion;

#endif
