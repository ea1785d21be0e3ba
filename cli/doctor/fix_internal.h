/* Commands that mend what a finding names, as whoever runs doctor has to say them. */
#ifndef OT_CLI_DOCTOR_FIX_INTERNAL_H
#define OT_CLI_DOCTOR_FIX_INTERNAL_H

#include <limits.h>
#include <stdbool.h>
#include <unistd.h>

#include "doctor/check_internal.h"

/* A command, given as a literal, that only root can run. */
#define OT_FIX_AS_ROOT(doctor, command)                                                  \
    ((doctor)->env.is_root ? (command) : "sudo " command)

/* The package that has a program to try something with; NULL: nobody knows its name. */
#define OT_FIX_PACKAGE(doctor, package)                                                  \
    (access("/usr/bin/apt-get", X_OK) == 0                                               \
         ? OT_FIX_AS_ROOT(doctor, "apt-get install " package)                            \
         : NULL)

/* orgtrust sync, by whoever may write the cache of the first source. */
const char *ot_fix_sync(const struct ot_doctor *doctor);

/* Whether something that leads to path is closed to other users, or path itself, which
 * they are to read: closed is the first. *fix opens all of it, and is freed by the
 * caller; NULL where a home would be opened, or out of memory. */
bool ot_fix_closed(char **fix, char closed[PATH_MAX], const struct ot_doctor *doctor,
                   const char *path);

#endif
