/* From what went wrong to the exit status that a script sees, of orgtrust and of
 * orgtrust-server: one table, which orgtrust(1) has. */
#ifndef OT_BASE_EXIT_STATUS_H
#define OT_BASE_EXIT_STATUS_H

#include "base/error.h"

int ot_exit_status(enum ot_status status);

#endif
