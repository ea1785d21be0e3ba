/* --until: when an activation ends again, which the server has to keep. */
#ifndef OT_CLI_COMMANDS_UNTIL_INTERNAL_H
#define OT_CLI_COMMANDS_UNTIL_INTERNAL_H

#include "change/change.h"

struct ot_source;

/* Of the option's text: a time from now, the end of a day in UTC, or "never"; NULL: it
 * was not given. OT_E_USAGE: it is none of these, or over. */
enum ot_status ot_until_read(struct ot_activation *activation, const char *text,
                             struct ot_error *err);

/* Before anything is sent: OT_E_USAGE where the source's API is the hosted one, which
 * would pass over the end. Whether another server keeps it, its answer says. */
enum ot_status ot_until_check_source(const struct ot_source *source,
                                     const struct ot_activation *activation,
                                     struct ot_error *err);

#endif
