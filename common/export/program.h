/* A program that is run and waited for: the system's own tools, an admin's command. */
#ifndef OT_EXPORT_PROGRAM_H
#define OT_EXPORT_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/span.h"

/* What it wrote and how it ended, for whoever has to understand it. */
struct ot_program_output {
    char *text;  /* both outputs as they came, the first size - 1 bytes, terminated */
    size_t size; /* of the buffer, which is the caller's */
    size_t len;
    int exit_status; /* -1: it did not start, a signal ended it, or its time was over */
};

struct ot_program {
    const char *path;
    const char *const *argv; /* with its name, NULL at the end */
    const char *what;        /* how messages call it */
    /* "NAME=value" each, up to a NULL, added to the environment; may be NULL. */
    const char *const *variables;
    struct ot_span input;           /* what it reads on standard input; absent: nothing */
    const char *const *environment; /* all of it, NULL at the end, in place of ours */
    struct ot_program_output *output; /* NULL: to our standard error */
    bool is_quiet;            /* what it writes to standard output is thrown away */
    int timeout_ms;           /* by the monotonic clock; then it is ended */
    const volatile int *stop; /* once non-zero it is ended, too; may be NULL */
};

/* Runs it in a process group of its own, standard input /dev/null or input, both outputs
 * to our standard error unless output takes them, no other descriptor, default signals,
 * "/" as directory, and of the environment only what says who and where one is: never the
 * admin key. Its group is ended, by SIGTERM and soon after SIGKILL, when its time is
 * over. OT_OK only when it exits with 0; else OT_E_IO, or OT_E_INTERRUPTED, with how it
 * ended.
 */
enum ot_status ot_program_run(const struct ot_program *program, struct ot_error *err);

#endif
