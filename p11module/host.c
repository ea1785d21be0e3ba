#include "host_internal.h"

#include <link.h>
#include <stdatomic.h>
#include <string.h>

static atomic_bool is_java;

/* How many libraries had ever been added when that was looked at last. */
static _Atomic unsigned long long seen_adds;

static bool is_library(const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');

    return strcmp(slash != NULL ? slash + 1 : path, name) == 0;
}

struct look {
    unsigned long long adds;
    bool found;
};

/* The machine itself, or what SunPKCS11 calls a module by. Other than 0 ends the walk. */
static int look_at_library(struct dl_phdr_info *info, size_t size, void *arg)
{
    struct look *look = arg;

    (void)size; /* glibc and musl have had dlpi_adds for as long as they have this */
    look->adds = info->dlpi_adds;
    if (look->adds == atomic_load(&seen_adds))
        return 1;
    if (info->dlpi_name == NULL || (!is_library(info->dlpi_name, "libjvm.so") &&
                                    !is_library(info->dlpi_name, "libj2pkcs11.so")))
        return 0;
    look->found = true;
    return 1;
}

void ot_host_look(void)
{
    struct look look = {.found = false};

    if (atomic_load(&is_java))
        return;
    (void)dl_iterate_phdr(look_at_library, &look);
    if (look.found)
        atomic_store(&is_java, true);
    else
        atomic_store(&seen_adds, look.adds);
}

bool ot_host_is_java(void)
{
    return atomic_load(&is_java);
}
