#include "export/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cache/child.h"
#include "cache/clock.h"

#define ENVIRONMENT_MAX 32
#define POLL_MS 20 /* how soon its end is noticed, which nobody waits for at a prompt */
#define GRACE_MS 2000 /* between SIGTERM and SIGKILL */

/* Who and where one is. ORGTRUST_CONF and _CACHE_DIR, so that an orgtrust in the command
 * sees what this one sees; nothing of OPENAI_*, nothing that changes libraries. */
static const char *const passed[] = {"HOME",
                                     "USER",
                                     "LOGNAME",
                                     "LANG",
                                     "LC_ALL",
                                     "TZ",
                                     "TMPDIR",
                                     "XDG_RUNTIME_DIR",
                                     "DBUS_SESSION_BUS_ADDRESS",
                                     "ORGTRUST_CONF",
                                     "ORGTRUST_CACHE_DIR",
                                     "ASAN_OPTIONS",
                                     "LSAN_OPTIONS",
                                     "TSAN_OPTIONS",
                                     "UBSAN_OPTIONS"};

static bool is_passed(const char *variable)
{
    const char *equals = strchr(variable, '=');

    for (size_t i = 0; equals != NULL && i < sizeof(passed) / sizeof(passed[0]); i++)
        if (strlen(passed[i]) == (size_t)(equals - variable) &&
            memcmp(variable, passed[i], (size_t)(equals - variable)) == 0)
            return true;
    return false;
}

/* The variables stay where they are. */
static void fill_environment(char *environment[ENVIRONMENT_MAX + 1], const char *more)
{
    size_t n = 0;

    environment[n++] = (char *)(uintptr_t)OT_CHILD_PATH;
    if (more != NULL)
        environment[n++] = (char *)(uintptr_t)more;
    for (char **variable = environ; *variable != NULL && n < ENVIRONMENT_MAX; variable++)
        if (is_passed(*variable))
            environment[n++] = *variable;
    environment[n] = NULL;
}

static int fill_actions(posix_spawn_file_actions_t *actions, bool is_quiet)
{
    int rc = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);

    if (rc == 0 && is_quiet)
        rc = posix_spawn_file_actions_addopen(actions, 1, "/dev/null", O_WRONLY, 0);
    else if (rc == 0)
        rc = posix_spawn_file_actions_adddup2(actions, 2, 1);
    if (rc == 0)
        rc = posix_spawn_file_actions_addclosefrom_np(actions, 3);
    if (rc == 0)
        rc = posix_spawn_file_actions_addchdir_np(actions, "/");
    return rc;
}

static int start(pid_t *pid, const struct ot_program *program)
{
    char *environment[ENVIRONMENT_MAX + 1];
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int rc = posix_spawn_file_actions_init(&actions);

    if (rc != 0)
        return rc;
    rc = posix_spawnattr_init(&attributes);
    if (rc == 0) {
        fill_environment(environment, program->variable);
        rc = fill_actions(&actions, program->is_quiet);
        if (rc == 0)
            rc = posix_spawnattr_setpgroup(&attributes, 0);
        if (rc == 0)
            rc = ot_child_reset_signals(&attributes, POSIX_SPAWN_SETPGROUP);
        if (rc == 0)
            rc = posix_spawn(pid, program->path, &actions, &attributes,
                             (char *const *)(uintptr_t)program->argv, environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return rc;
}

/* Until it ends, the time is over, or the end is asked for; whether it has ended. */
static bool wait_for(pid_t pid, int *how, int64_t until_ms, const volatile int *stop)
{
    const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
    pid_t ended;

    for (;;) {
        ended = waitpid(pid, how, WNOHANG);
        if (ended == pid || (ended < 0 && errno != EINTR))
            return true;
        if ((stop != NULL && *stop != 0) || ot_clock_ms() >= until_ms)
            return false;
        nanosleep(&pause, NULL);
    }
}

static void end(pid_t pid, int *how)
{
    kill(-pid, SIGTERM);
    if (!wait_for(pid, how, ot_clock_ms() + GRACE_MS, NULL)) {
        kill(-pid, SIGKILL);
        while (waitpid(pid, how, 0) < 0 && errno == EINTR)
            continue;
    }
    kill(-pid, SIGKILL); /* what it started and did not end */
}

enum ot_status ot_program_run(const struct ot_program *program, struct ot_error *err)
{
    pid_t pid;
    int how = 0, rc = start(&pid, program);

    if (rc != 0)
        return ot_error_errno(err, OT_E_IO, rc, "cannot start %s", program->what);
    if (!wait_for(pid, &how, ot_clock_ms() + program->timeout_ms, program->stop)) {
        end(pid, &how);
        if (program->stop != NULL && *program->stop != 0)
            return ot_error_set(err, OT_E_INTERRUPTED, "%s was interrupted",
                                program->what);
        return ot_error_set(err, OT_E_IO, "%s took longer than %d s and was ended",
                            program->what, program->timeout_ms / 1000);
    }
    if (WIFSIGNALED(how))
        return ot_error_set(err, OT_E_IO, "%s was ended by signal %d", program->what,
                            WTERMSIG(how));
    if (WEXITSTATUS(how) != 0)
        return ot_error_set(err, OT_E_IO, "%s ended with status %d", program->what,
                            WEXITSTATUS(how));
    return OT_OK;
}
