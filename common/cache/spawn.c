#include "cache/spawn_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/child.h"
#include "base/confinement.h"
#include "base/environment.h"
#include "config/source.h"
#include "files/path.h"

#define DONE_FD 3 /* where the child holds the pipe */

/* Whether the directory, or the nearest parent that there is, lets us write. */
static bool may_write(const char *dir)
{
    char path[PATH_MAX];
    char *slash;

    if (strlen(dir) >= sizeof(path))
        return false;
    strcpy(path, dir);
    while (faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) != 0) {
        slash = errno == ENOENT ? strrchr(path, '/') : NULL;
        if (slash == NULL || strcmp(path, "/") == 0)
            return false;
        slash[slash == path] = '\0';
    }
    return true;
}

bool ot_spawn_is_allowed(const struct ot_source *source)
{
    if (!source->auto_refresh || ot_env_is_secure_mode())
        return false;
    /* Before any call that could be the last. */
    if (ot_confinement_check(NULL) != OT_OK || ot_child_is_adopted())
        return false;
    return ot_path_check_dir(source->cache_dir, NULL) != OT_E_UNSAFE &&
           may_write(source->cache_dir);
}

enum ot_status ot_spawn_sync(const struct ot_source *source, int *done,
                             struct ot_error *err)
{
    const char *const argv[] = {"orgtrust",   "sync",    "--source", source->name,
                                "--if-stale", "--quiet", NULL};
    struct ot_child child = {.argv = argv, .fds = {-1, -1, -1, -1, -1, -1}};
    enum ot_status status = OT_OK;
    int ends[2] = {-1, -1};

    if (done != NULL) {
        *done = -1;
        status = ot_child_pipe(ends, err);
        child.fds[DONE_FD] = ends[1];
    }
    if (status == OT_OK)
        status = ot_child_start(&child, NULL, err);
    if (ends[1] >= 0)
        close(ends[1]);
    if (status == OT_OK && done != NULL)
        *done = ends[0];
    else if (ends[0] >= 0)
        close(ends[0]);
    return status;
}

enum ot_status ot_spawn_wait(int done, int timeout_ms, struct ot_error *err)
{
    return ot_child_read(done, timeout_ms, NULL, 0, NULL, "orgtrust sync", err);
}
