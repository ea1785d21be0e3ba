#include "install/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Not PATH: root's programs are the system's. */
static const char *const directories[] = {"/usr/sbin", "/usr/bin", "/sbin", "/bin"};

static bool find(char path[PATH_MAX], const char *name)
{
    for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
        snprintf(path, PATH_MAX, "%s/%s", directories[i], name);
        if (access(path, X_OK) == 0)
            return true;
    }
    return false;
}

bool ot_tool_exists(const char *name)
{
    char path[PATH_MAX];

    return find(path, name);
}

/* Its output goes to fd. */
static int spawn(pid_t *pid, const char *path, const char *const *argv,
                 const char *const *environment, int fd)
{
    posix_spawn_file_actions_t actions;
    int errnum = posix_spawn_file_actions_init(&actions);

    if (errnum != 0)
        return errnum;
    errnum =
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDWR, 0);
    if (errnum == 0)
        errnum = posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO);
    if (errnum == 0)
        errnum = posix_spawn_file_actions_adddup2(&actions, fd, STDERR_FILENO);
    if (errnum == 0)
        errnum = posix_spawn(pid, path, &actions, NULL, (char *const *)argv,
                             (char *const *)environment);
    posix_spawn_file_actions_destroy(&actions);
    return errnum;
}

/* Reads to the end and keeps the last bytes, terminated. */
static void read_last(char *last, size_t size, int fd)
{
    size_t len = 0;
    char some[256];
    ssize_t n;

    while ((n = read(fd, some, sizeof(some))) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        if (len + (size_t)n >= size) {
            size_t keep = size - 1 - (size_t)n < len ? size - 1 - (size_t)n : len;

            memmove(last, last + len - keep, keep);
            len = keep;
        }
        memcpy(last + len, some, (size_t)n);
        len += (size_t)n;
    }
    while (len > 0 && (last[len - 1] == '\n' || last[len - 1] == ' '))
        len--;
    last[len] = '\0';
}

enum ot_status ot_tool_run(const char *const *argv, const char *const *environment,
                           struct ot_error *err)
{
    char path[PATH_MAX], said[512];
    int ends[2], errnum, status = -1;
    pid_t pid;

    if (!find(path, argv[0]))
        return ot_error_set(err, OT_E_INTERNAL, "the program %s is not installed",
                            argv[0]);
    if (pipe2(ends, O_CLOEXEC) != 0)
        return ot_error_errno(err, OT_E_INTERNAL, errno, "cannot run %s", argv[0]);
    errnum = spawn(&pid, path, argv, environment, ends[1]);
    close(ends[1]);
    if (errnum == 0) {
        read_last(said, sizeof(said), ends[0]);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            ;
    }
    close(ends[0]);
    if (errnum != 0)
        return ot_error_errno(err, OT_E_INTERNAL, errnum, "cannot run %s", argv[0]);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return OT_OK;
    return ot_error_set(err, OT_E_INTERNAL, "%s %s failed: %s", argv[0],
                        argv[1] != NULL ? argv[1] : "", said);
}
