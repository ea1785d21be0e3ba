#include "host_internal.h"

#include <link.h>
#include <stdatomic.h>
#include <string.h>

static atomic_bool is_java;

static bool is_library(const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');

    return strcmp(slash != NULL ? slash + 1 : path, name) == 0;
}

/* The machine itself, or what SunPKCS11 calls a module by. */
static int look_at_library(struct dl_phdr_info *info, size_t size, void *found)
{
    (void)size;
    if (info->dlpi_name == NULL || (!is_library(info->dlpi_name, "libjvm.so") &&
                                    !is_library(info->dlpi_name, "libj2pkcs11.so")))
        return 0;
    *(bool *)found = true;
    return 1;
}

void ot_host_look(void)
{
    bool found = false;

    (void)dl_iterate_phdr(look_at_library, &found);
    if (found)
        atomic_store(&is_java, true);
}

bool ot_host_is_java(void)
{
    return atomic_load(&is_java);
}
