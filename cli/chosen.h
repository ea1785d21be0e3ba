/* The certificates that the arguments of a command name. */
#ifndef OT_CLI_CHOSEN_H
#define OT_CLI_CHOSEN_H

#include <stdlib.h>

#include "fetch/admin.h"
#include "options.h"

/* Each once, in the order of the arguments; all are found or none. They live until the
 * next listing. The caller frees *chosen, also after a failure. */
enum ot_status ot_chosen(const struct ot_admin_cert ***chosen, size_t *count,
                         const struct ot_admin *admin, const struct ot_options *options,
                         struct ot_error *err);

#endif
