/* Other people's programs that do a part of the work. */
#ifndef OT_CLI_INSTALL_TOOL_H
#define OT_CLI_INSTALL_TOOL_H

#include <stdbool.h>

#include "base/error.h"
#include "export/program.h"

/* Whether one of the system's directories of programs has it. */
bool ot_tool_exists(const char *name);

/* Runs argv (up to a NULL; the name is looked for in the system's directories) to its
 * end, as export/program.h says; its remarks go to standard error. variable: "NAME=value"
 * for its environment, may be NULL. */
enum ot_status ot_tool_run(const char *const *argv, const char *variable,
                           struct ot_error *err);

/* Runs argv likewise, with this environment and no other, to see what it writes and how
 * it ends; output as in struct ot_program. stop may be NULL. */
enum ot_status ot_tool_see(const char *const *argv, const char *const *environment,
                           int timeout_ms, const volatile int *stop,
                           struct ot_program_output *output, struct ot_error *err);

#endif
