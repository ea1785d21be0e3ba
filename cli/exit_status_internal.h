/* From what went wrong to the exit status that a script sees. orgtrust(1) has the table.
 */
#ifndef OT_CLI_EXIT_STATUS_INTERNAL_H
#define OT_CLI_EXIT_STATUS_INTERNAL_H

#include "base/error.h"

int ot_exit_status(enum ot_status status);

#endif
