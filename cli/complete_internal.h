/* `orgtrust complete WORD ...`: what may stand in place of the last word, which is ""
 * when it has not been begun, behind the others. One candidate a line, a tab, and what is
 * to be said of it; or only a tab and `files` or `directories`, for the shell's own. To
 * choose and to quote is the scripts' part (conf/completion).
 *
 * It reads the configuration and the snapshot; it uses no network, starts nothing, and is
 * silent about what it cannot read. */
#ifndef OT_CLI_COMPLETE_INTERNAL_H
#define OT_CLI_COMPLETE_INTERNAL_H

#include "base/error.h"
#include "view/output.h"

/* words end with a NULL. */
enum ot_status ot_complete(char **words, struct ot_output *out, struct ot_error *err);

#endif
