/* The certificates that the arguments of a command name. */
#ifndef OT_CLI_COMMANDS_CHOSEN_INTERNAL_H
#define OT_CLI_COMMANDS_CHOSEN_INTERNAL_H

#include <stdlib.h>

#include "change/admin.h"
#include "view/options.h"

/* By id or name; with --by-id by its id alone, so that a program that knows one never
 * hits another certificate that somebody has named so. */
enum ot_status ot_chosen_one(const struct ot_admin_cert **cert,
                             const struct ot_admin *admin,
                             const struct ot_options *options, const char *argument,
                             struct ot_error *err);

/* Each once, in the order of the arguments; all are found or none. They live until the
 * next listing. The caller frees *chosen, also after a failure. */
enum ot_status ot_chosen(const struct ot_admin_cert ***chosen, size_t *count,
                         const struct ot_admin *admin, const struct ot_options *options,
                         struct ot_error *err);

#endif
