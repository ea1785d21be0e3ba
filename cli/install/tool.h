/* Other people's programs that do a part of the work. */
#ifndef OT_CLI_INSTALL_TOOL_H
#define OT_CLI_INSTALL_TOOL_H

#include <stdbool.h>

#include "cache/error.h"

/* Whether one of the system's directories of programs has it. */
bool ot_tool_exists(const char *name);

/* Runs argv (up to a NULL; a name is looked for in the system's directories) to its end,
 * with nothing to read and, of the environment, only what is in environment (up to a
 * NULL). OT_E_INTERNAL when it fails, with the end of what it said. */
enum ot_status ot_tool_run(const char *const *argv, const char *const *environment,
                           struct ot_error *err);

#endif
