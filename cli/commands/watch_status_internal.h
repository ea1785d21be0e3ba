/* What `systemctl status` shows of `orgtrust watch`: when each source was seen, and what
 * fails. */
#ifndef OT_CLI_COMMANDS_WATCH_STATUS_INTERNAL_H
#define OT_CLI_COMMANDS_WATCH_STATUS_INTERNAL_H

struct ot_watch;

/* Told to the service manager, if there is one. refused: why nothing is synced; NULL: it
 * is. */
void ot_watch_tell_status(const struct ot_watch *watch, const char *refused);

#endif
