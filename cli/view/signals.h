/* Signals, for the program's main thread only: a request to stop, a request to reload. */
#ifndef OT_CLI_VIEW_SIGNALS_H
#define OT_CLI_VIEW_SIGNALS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* SIGINT and SIGTERM ask for the end, a second one ends at once; SIGPIPE becomes a write
 * error; and it is kept how a child ended, whatever the caller had inherited. */
void ot_signals_install(void);
/* From now on SIGHUP asks for a reload instead of ending the program. */
void ot_signals_catch_reload(void);

/* Non-zero once the end was asked for. */
const volatile int *ot_signals_stop(void);
/* Whether a reload was asked for since the last call. */
bool ot_signals_take_reload(void);

/* Sleeps until a signal asks for something or the time is over, whichever is first; a
 * signal that came just before is not missed. */
void ot_signals_wait(int64_t timeout_ms);
/* The same, or until something has happened at one of them. */
void ot_signals_wait_for_any(struct pollfd *fds, size_t count, int64_t timeout_ms);
/* Sleeps until fd can be read, likewise; false: a signal asks for something. */
bool ot_signals_wait_for_input(int fd);

#endif
