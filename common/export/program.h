/* A program that is run and waited for: the system's own tools, an admin's command. */
#ifndef OT_EXPORT_PROGRAM_H
#define OT_EXPORT_PROGRAM_H

#include <stdbool.h>

#include "cache/error.h"

struct ot_program {
    const char *path;
    const char *const *argv;  /* with its name, NULL at the end */
    const char *what;         /* how messages call it */
    const char *variable;     /* "NAME=value", added to the environment; may be NULL */
    bool is_quiet;            /* what it writes to standard output is thrown away */
    int timeout_ms;           /* by the monotonic clock; then it is ended */
    const volatile int *stop; /* once non-zero it is ended, too; may be NULL */
};

/* Runs it in a process group of its own, standard input /dev/null, both outputs to our
 * standard error, no other descriptor, default signals, "/" as directory, and of the
 * environment only what says who and where one is: never the admin key. Its group is
 * ended, by SIGTERM and soon after SIGKILL, when its time is over. OT_OK only when it
 * exits with 0; else OT_E_IO, or OT_E_INTERRUPTED, with how it ended. */
enum ot_status ot_program_run(const struct ot_program *program, struct ot_error *err);

#endif
