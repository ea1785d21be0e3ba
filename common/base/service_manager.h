/* What the service manager wants to hear, sd_notify(3)'s protocol: one datagram to the
 * socket in NOTIFY_SOCKET. Without that variable nothing happens. */
#ifndef OT_BASE_SERVICE_MANAGER_H
#define OT_BASE_SERVICE_MANAGER_H

#include <stdbool.h>
#include <stdint.h>

/* Whether there is a manager that listens. */
bool ot_notify_is_wanted(void);

/* Lines as sd_notify(3) describes them: "READY=1", "STOPPING=1". A manager that does not
 * listen is no reason to fail, so there is no result. */
void ot_notify(const char *lines);
/* Has the manager keep the descriptor over a restart of the service (FDSTORE=1); it hands
 * it over with LISTEN_FDS under this name. */
void ot_notify_keep(int fd, const char *name);
/* "RELOADING=1" with the time that Type=notify-reload asks for. */
void ot_notify_reloading(void);

/* How often the manager wants a sign of life, in ms, half its limit; 0: not at all. */
int64_t ot_notify_watchdog_ms(void);

#endif
