/* What the service manager wants to hear, sd_notify(3)'s protocol: one datagram to the
 * socket in NOTIFY_SOCKET. Without that variable nothing happens. */
#ifndef OT_CLI_COMMANDS_NOTIFY_INTERNAL_H
#define OT_CLI_COMMANDS_NOTIFY_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

/* Whether there is a manager that listens. */
bool ot_notify_is_wanted(void);

/* Lines as sd_notify(3) describes them: "READY=1", "STOPPING=1". A manager that does not
 * listen is no reason to fail, so there is no result. */
void ot_notify(const char *lines);
/* "RELOADING=1" with the time that Type=notify-reload asks for. */
void ot_notify_reloading(void);

/* How often the manager wants a sign of life, in ms, half its limit; 0: not at all. */
int64_t ot_notify_watchdog_ms(void);

#endif
