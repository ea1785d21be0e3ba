/* The environment, which nobody may use to give a process more rights than its user. */
#ifndef OT_BASE_ENVIRONMENT_H
#define OT_BASE_ENVIRONMENT_H

#include <stdbool.h>

/* Whether this process runs with more rights than its user (AT_SECURE). */
bool ot_env_is_secure_mode(void);

/* getenv for everybody: NULL in secure mode and for an empty value. */
const char *ot_env_get(const char *name);

#endif
