#include "export/program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "files/place.h"
#include "files/write_all.h"

#define ENVIRONMENT_MAX 32
#define POLL_MS 20 /* how soon its end is noticed, which nobody waits for at a prompt */
#define READS_MAX 32
#define GRACE_MS 2000 /* between SIGTERM and SIGKILL */

/* Who and where one is. ORGTRUST_CONF and _CACHE_DIR, so that an orgtrust in the command
 * sees what this one sees; nothing of OPENAI_*, nothing that changes libraries; and
 * nothing that would make root's programs read another user's files. */
static const char *const passed[] = {
    "HOME",
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
    OT_CHILD_SANITIZERS,
    NULL,
};

#define HOME "HOME="

/* Whether root would have its programs obey what another user may have put somewhere: a
 * path of another user's, as plain su and some sudo leave them. */
static bool leads_astray(const char *variable)
{
    static const char *const prefixes[] = {
        HOME, "TMPDIR=", "XDG_RUNTIME_DIR=", "DBUS_SESSION_BUS_ADDRESS=unix:path="};

    for (size_t i = 0; geteuid() == 0 && i < sizeof(prefixes) / sizeof(prefixes[0]);
         i++) {
        const char *path = variable + strlen(prefixes[i]);
        struct ot_place place;
        enum ot_status status;

        if (strncmp(variable, prefixes[i], strlen(prefixes[i])) != 0 || path[0] != '/')
            continue;
        status = ot_place_check(path, NULL);
        if (i == 3) { /* a socket: what is around it counts */
            status = ot_place_open(&place, path, true, NULL);
            ot_place_close(&place);
        }
        return status == OT_E_UNSAFE;
    }
    return false;
}

/* "HOME=" and the account's, into buf; false: not known. */
static bool find_home(char buf[PATH_MAX])
{
    const struct passwd *account = getpwuid(geteuid());

    return account != NULL &&
           snprintf(buf, PATH_MAX, HOME "%s", account->pw_dir) < PATH_MAX;
}

/* The variables stay where they are; home is room for one. */
static void fill_program_environment(char *environment[ENVIRONMENT_MAX + 1],
                                     char home[PATH_MAX], const char *const *more)
{
    size_t n = 0;

    environment[n++] = (char *)(uintptr_t)OT_CHILD_PATH;
    for (; more != NULL && *more != NULL && n < ENVIRONMENT_MAX; more++)
        environment[n++] = (char *)(uintptr_t)*more;
    for (char **variable = environ; *variable != NULL && n < ENVIRONMENT_MAX;
         variable++) {
        if (!ot_child_is_passed(*variable, passed))
            continue;
        if (!leads_astray(*variable))
            environment[n++] = *variable;
        else if (strncmp(*variable, HOME, strlen(HOME)) == 0 && find_home(home))
            environment[n++] = home;
    }
    environment[n] = NULL;
}

/* from: a descriptor to read from, or -1; to: one that takes both outputs, or -1. */
static int fill_program_actions(posix_spawn_file_actions_t *actions, bool is_quiet,
                                int from, int to)
{
    int rc = from >= 0
                 ? posix_spawn_file_actions_adddup2(actions, from, 0)
                 : posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);

    if (rc == 0 && to >= 0)
        rc = posix_spawn_file_actions_adddup2(actions, to, 2);
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

static int start_program(pid_t *pid, const struct ot_program *program, int from, int to)
{
    char *own[ENVIRONMENT_MAX + 1], home[PATH_MAX];
    char *const *environment = (char *const *)(uintptr_t)program->environment;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int rc = posix_spawn_file_actions_init(&actions);

    if (rc != 0)
        return rc;
    rc = posix_spawnattr_init(&attributes);
    if (rc == 0) {
        if (environment == NULL) {
            fill_program_environment(own, home, program->variables);
            environment = own;
        }
        rc = fill_program_actions(&actions, program->is_quiet, from, to);
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

static ssize_t read_output(struct ot_program_output *output, int from)
{
    size_t room = output->size - 1 - output->len;
    char scrap[4096];
    bool keeps = room > 0;
    ssize_t n = read(from, keeps ? output->text + output->len : scrap,
                     keeps ? room : sizeof(scrap));

    if (keeps && n > 0)
        output->len += (size_t)n;
    return n;
}

/* What it has written meanwhile, a pipe full of it: somebody who never stops writing must
 * not keep us. What the buffer does not hold is thrown away. At the end *from becomes -1.
 */
static void take_output(struct ot_program_output *output, int *from)
{
    ssize_t n = 1;

    for (int reads = 0; n > 0 && reads < READS_MAX; reads++)
        n = read_output(output, *from);
    if (n == 0) {
        close(*from);
        *from = -1;
    }
}

/* Until it ends, the time is over, or the end is asked for; whether it has ended. */
static bool wait_for(pid_t pid, int *how, int64_t until_ms, const volatile int *stop,
                     struct ot_program_output *output, int *from)
{
    struct pollfd wanted = {.events = POLLIN};
    pid_t ended;

    for (;;) {
        ended = waitpid(pid, how, WNOHANG);
        if (*from >= 0)
            take_output(output, from);
        if (ended == pid || (ended < 0 && errno != EINTR))
            return true;
        if ((stop != NULL && *stop != 0) || ot_clock_ms() >= until_ms)
            return false;
        wanted.fd = *from; /* of -1 nothing comes */
        poll(&wanted, 1, POLL_MS);
    }
}

static void end_program(pid_t pid, int *how, struct ot_program_output *output, int *from)
{
    kill(-pid, SIGTERM);
    if (!wait_for(pid, how, ot_clock_ms() + GRACE_MS, NULL, output, from)) {
        kill(-pid, SIGKILL);
        while (waitpid(pid, how, 0) < 0 && errno == EINTR)
            continue;
    }
    kill(-pid, SIGKILL); /* what it started and did not end */
}

static enum ot_status check_end(const struct ot_program *program, int how,
                                struct ot_error *err)
{
    if (WIFSIGNALED(how))
        return ot_error_set(err, OT_E_IO, "%s was ended by signal %d", program->what,
                            WTERMSIG(how));
    if (program->output != NULL)
        program->output->exit_status = WEXITSTATUS(how);
    if (WEXITSTATUS(how) != 0)
        return ot_error_set(err, OT_E_IO, "%s ended with status %d", program->what,
                            WEXITSTATUS(how));
    return OT_OK;
}

/* Started, up to its end. from: where its output comes from, or -1; closed. */
static enum ot_status see_through(const struct ot_program *program, pid_t pid, int *from,
                                  struct ot_error *err)
{
    struct ot_program_output *output = program->output;
    int how = 0;

    if (wait_for(pid, &how, ot_clock_ms() + program->timeout_ms, program->stop, output,
                 from))
        return check_end(program, how, err);
    end_program(pid, &how, output, from);
    if (program->stop != NULL && *program->stop != 0)
        return ot_error_set(err, OT_E_INTERRUPTED, "%s was interrupted", program->what);
    return ot_error_set(err, OT_E_IO, "%s took longer than %d s and was ended",
                        program->what, program->timeout_ms / 1000);
}

/* ends[0] never blocks the one who waits for the program's end, too. */
static enum ot_status make_pipe(int ends[2], struct ot_error *err)
{
    if (pipe2(ends, O_CLOEXEC) == 0 && fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0)
        return OT_OK;
    return ot_error_errno(err, OT_E_IO, errno, "cannot make a pipe");
}

/* What it is to read, in a file that is nowhere: a pipe would hold so much and no more.
 * -1 with OT_OK: nothing. */
static enum ot_status open_program_input(int *fd, const struct ot_program *program,
                                         struct ot_error *err)
{
    *fd = -1;
    if (program->input.data == NULL)
        return OT_OK;
    *fd = memfd_create("input", MFD_CLOEXEC);
    if (*fd >= 0 && ot_write_all(*fd, program->input.data, program->input.len) &&
        lseek(*fd, 0, SEEK_SET) == 0)
        return OT_OK;
    return ot_error_errno(err, OT_E_IO, errno, "cannot write what %s is to read",
                          program->what);
}

enum ot_status ot_program_run(const struct ot_program *program, struct ot_error *err)
{
    struct ot_program_output *output = program->output;
    int ends[2] = {-1, -1}, input = -1, rc;
    enum ot_status status = open_program_input(&input, program, err);
    pid_t pid;

    if (output != NULL) {
        output->len = 0;
        output->exit_status = -1;
    }
    if (status == OT_OK && output != NULL)
        status = make_pipe(ends, err);
    if (status == OT_OK) {
        rc = start_program(&pid, program, input, ends[1]);
        if (ends[1] >= 0)
            close(ends[1]);
        ends[1] = -1;
        status = rc == 0
                     ? see_through(program, pid, &ends[0], err)
                     : ot_error_errno(err, OT_E_IO, rc, "cannot start %s", program->what);
    }
    for (int i = 0; i < 2; i++)
        if (ends[i] >= 0)
            close(ends[i]);
    if (input >= 0)
        close(input);
    if (output != NULL)
        output->text[output->len] = '\0';
    return status;
}
