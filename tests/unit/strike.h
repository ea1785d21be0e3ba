/* The calls of our own code that a program names by WRAP, which it is linked to have pass
 * through here (the linker's --wrap): at a chosen one of this thread's, or from there on,
 * they fail, or the process stops for its parent to kill it. */
#ifndef OT_TESTS_STRIKE_H
#define OT_TESTS_STRIKE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Instead of the name of one call: all that allocate, or all others. */
#define STRIKE_MEMORY "memory"
#define STRIKE_FILES "files"

/* From the call number `at` (from 0), or at that number only, counted over all that
 * `only` means, fails with errnum; 0: the process stops. */
void strike_arm(const char *only, size_t at, int errnum, bool once);
/* Ends that; returns how many calls were counted. */
size_t strike_disarm(void);

/* Waits for a child that either ends well or stops; true: the former. The latter is
 * killed. */
bool strike_survives(pid_t child);

bool strikes(const char *call);

/* Declares the real function and its stand-in. */
#define WRAP(result, name, parameters, arguments, failure)                               \
    result __real_##name parameters;                                                     \
    result __wrap_##name parameters;                                                     \
    result __wrap_##name parameters                                                      \
    {                                                                                    \
        return strikes(#name) ? failure : __real_##name arguments;                       \
    }

/* What a disk would keep is not looked at, so it need not be waited for. */
#define WRAP_FSYNC                                                                       \
    int __wrap_fsync(int fd);                                                            \
    int __wrap_fsync(int fd)                                                             \
    {                                                                                    \
        (void)fd;                                                                        \
        return strikes("fsync") ? -1 : 0;                                                \
    }

#endif
