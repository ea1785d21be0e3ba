#include "host_internal.h"

#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "files/read_all.h"

static const char *const java_libraries[] = {"libjvm.so", "libj2pkcs11.so"};

static atomic_bool is_java;

/* The process into which the module was loaded. Set, so that it does not lie behind the
 * room of inside.c, in a page that would be dirty for it alone. */
static pid_t home = -1;

__attribute__((constructor)) static void remember_home(void)
{
    home = getpid();
}

/* How many libraries had ever been added when that was looked at last. */
static _Atomic unsigned long long seen_adds;

static bool is_java_library(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;

    return strcmp(name, java_libraries[0]) == 0 || strcmp(name, java_libraries[1]) == 0;
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
    if (info->dlpi_name == NULL || !is_java_library(info->dlpi_name))
        return 0;
    look->found = true;
    return 1;
}

static bool ends_line(const char *text, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = strstr(text, name); at != NULL; at = strstr(at + 1, name))
        if (at > text && at[-1] == '/' && at[len] == '\n')
            return true;
    return false;
}

/* In a forked child the loader's lock may be held for good by a thread that only the
 * parent has: there the kernel is asked. */
static bool is_java_mapped(void)
{
    char text[4096 + 1];
    size_t kept = 0; /* what may be the beginning of a name, and what is before it */
    ssize_t n;
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    bool found = false;

    while (fd >= 0 && !found && (n = ot_read_all(fd, text + kept, 4096 - kept)) > 0) {
        size_t len = kept + (size_t)n;

        text[len] = '\0';
        found = ends_line(text, java_libraries[0]) || ends_line(text, java_libraries[1]);
        kept = len < 32 ? len : 32;
        memmove(text, text + len - kept, kept);
    }
    if (fd >= 0)
        close(fd);
    return found;
}

/* A thread that was cancelled in there would stay in the module for ever. */
static bool ask_kernel(void)
{
    bool found;
    int cancel;

    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
    found = is_java_mapped();
    pthread_setcancelstate(cancel, NULL);
    return found;
}

void ot_host_look(void)
{
    struct look look = {.found = false};

    if (atomic_load(&is_java))
        return;
    if (getpid() == home)
        (void)dl_iterate_phdr(look_at_library, &look);
    else
        look.found = ask_kernel();
    if (look.found)
        atomic_store(&is_java, true);
    else if (look.adds != 0)
        atomic_store(&seen_adds, look.adds);
}

bool ot_host_is_java(void)
{
    return atomic_load(&is_java);
}
