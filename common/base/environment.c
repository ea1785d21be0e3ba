#include "base/environment.h"

#include <stdlib.h>
#include <sys/auxv.h>

bool ot_env_is_secure_mode(void)
{
    return getauxval(AT_SECURE) != 0;
}

const char *ot_env_get(const char *name)
{
    const char *value;

    if (ot_env_is_secure_mode())
        return NULL;
    value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}
