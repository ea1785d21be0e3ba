/* What orgtrust log shows of the machine's own memory instead of the API's log. */
#ifndef OT_CLI_COMMANDS_LOG_LOCAL_INTERNAL_H
#define OT_CLI_COMMANDS_LOG_LOCAL_INTERNAL_H

#include <stdint.h>

#include "base/error.h"

struct ot_cli;

/* Of each source that the command is about, the newest first, from Unix time since on. */
enum ot_status ot_log_local(struct ot_cli *cli, int64_t since, struct ot_error *err);

#endif
