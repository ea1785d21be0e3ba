/* The delivery to notify_url that follows a sync. */
#ifndef OT_CLI_COMMANDS_NOTIFY_URL_INTERNAL_H
#define OT_CLI_COMMANDS_NOTIFY_URL_INTERNAL_H

#include <stdbool.h>

struct ot_config;

/* Starts `orgtrust notify --retry` for each source that has something to deliver, and
 * waits for none. is_log: what it says goes where we write our own. */
void ot_notify_start(const struct ot_config *config, bool is_log);

#endif
