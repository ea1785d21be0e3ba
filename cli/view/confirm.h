/* A question on the terminal before something is lost. */
#ifndef OT_CLI_VIEW_CONFIRM_H
#define OT_CLI_VIEW_CONFIRM_H

#include "base/error.h"

/* OT_OK: the answer was yes. Standard input and standard error must both be a terminal:
 * else OT_E_USAGE, which names --yes. OT_E_INTERRUPTED: any other answer, or a signal. */
enum ot_status ot_confirm(const char *question, struct ot_error *err);

#endif
