#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/environment.h"

#define ENVIRONMENT_MAX 64        /* more variables of these names than anyone sets */
#define STACK_BYTES (256u * 1024) /* posix_spawn needs 40 KB; the sanitizers more */
#define REAP_MS 1000              /* a child that has closed its pipe is about to end */

/* ThreadSanitizer takes every clone for a fork, and would do in the shared memory what a
 * child does in its own. There the go-between gets a copy, which costs a host more. */
#ifdef __SANITIZE_THREAD__
#define GO_BETWEEN CLONE_VFORK
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define GO_BETWEEN CLONE_VFORK
#endif
#endif
#ifndef GO_BETWEEN
#define GO_BETWEEN (CLONE_VM | CLONE_VFORK)
#endif

/* What the one who starts the child is told; it lives on the host's heap and stack. */
struct job {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    bool has_actions, has_attributes;
    const char *command;
    char *const *argv;
    char *environment[ENVIRONMENT_MAX + 1];
};

bool ot_child_is_adopted(void)
{
    int subreaper = 0;

    return getpid() == 1 ||
           (prctl(PR_GET_CHILD_SUBREAPER, &subreaper, 0, 0, 0) == 0 && subreaper != 0);
}

enum ot_status ot_child_lift(int *fd, struct ot_error *err)
{
    int low = *fd, errnum;

    if (low >= (int)OT_CHILD_FDS)
        return OT_OK;
    *fd = fcntl(low, F_DUPFD_CLOEXEC, (int)OT_CHILD_FDS);
    errnum = errno;
    close(low);
    if (*fd >= 0)
        return OT_OK;
    return ot_error_errno(err, OT_E_IO, errnum, "cannot start the orgtrust command");
}

enum ot_status ot_child_pipe(int ends[2], struct ot_error *err)
{
    enum ot_status status;

    ends[0] = ends[1] = -1;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return ot_error_errno(err, OT_E_IO, errno, "cannot start the orgtrust command");
    status = ot_child_lift(&ends[0], err);
    if (status == OT_OK)
        status = ot_child_lift(&ends[1], err);
    if (status == OT_OK)
        return OT_OK;
    for (int i = 0; i < 2; i++) {
        if (ends[i] >= 0)
            close(ends[i]);
        ends[i] = -1;
    }
    return status;
}

/* What the command, or the sanitizers in it, reads. What changes how libraries behave
 * (LD_*, OPENSSL_CONF, SSL_CERT_*, *_proxy) is the host's business alone: a sync that
 * took up OPENSSL_CONF would verify the API through orgtrust itself. */
static const char *const passed[] = {
    "ORGTRUST_*",
    "OPENAI_ADMIN_KEY",
    "OPENAI_BASE_URL",
    "OPENAI_ORG_ID",
    "OPENAI_PROJECT_ID",
    "HOME",
    "XDG_*",
    "LANG",
    "LC_*",
    "TMPDIR",
    OT_CHILD_SANITIZERS,
    NULL,
};

bool ot_child_is_passed(const char *variable, const char *const *names)
{
    const char *equals = strchr(variable, '=');

    for (; equals != NULL && *names != NULL; names++) {
        size_t len = strlen(*names);

        if ((*names)[len - 1] == '*' ? strncmp(variable, *names, len - 1) == 0
                                     : (size_t)(equals - variable) == len &&
                                           memcmp(variable, *names, len) == 0)
            return true;
    }
    return false;
}

/* Whether both are of one name; instead may be a name alone. */
static bool is_replaced(const char *variable, const char *instead)
{
    size_t len = instead != NULL ? strcspn(instead, "=") : 0;

    return len > 0 && strncmp(variable, instead, len) == 0 && variable[len] == '=';
}

static bool fill_child_environment(struct job *job, const char *instead)
{
    char **variable;
    size_t n = 0;

    job->environment[n] = strdup(OT_CHILD_PATH);
    if (job->environment[n++] == NULL)
        return false;
    for (variable = environ; variable != NULL && *variable != NULL; variable++) {
        const char *given = is_replaced(*variable, instead) ? instead : *variable;

        if (n == ENVIRONMENT_MAX || !ot_child_is_passed(given, passed))
            continue;
        job->environment[n] = strdup(given);
        if (job->environment[n++] == NULL)
            return false;
    }
    return true;
}

static void job_clear(struct job *job)
{
    for (size_t i = 0; i < ENVIRONMENT_MAX; i++)
        free(job->environment[i]);
    if (job->has_actions)
        posix_spawn_file_actions_destroy(&job->actions);
    if (job->has_attributes)
        posix_spawnattr_destroy(&job->attributes);
}

/* What the child holds has numbers above these, so that no step takes away what a later
 * one needs. */
static int fill_child_actions(posix_spawn_file_actions_t *actions,
                              const int fds[OT_CHILD_FDS])
{
    int rc = 0;

    for (int fd = 0; fd < (int)OT_CHILD_FDS && rc == 0; fd++) {
        if (fds[fd] >= 0)
            rc = posix_spawn_file_actions_adddup2(actions, fds[fd], fd);
        else if (fd < 3)
            rc = posix_spawn_file_actions_addopen(actions, fd, "/dev/null", O_RDWR, 0);
        else
            rc = posix_spawn_file_actions_addclose(actions, fd);
    }
    if (rc == 0)
        rc = posix_spawn_file_actions_addclosefrom_np(actions, (int)OT_CHILD_FDS);
    if (rc == 0)
        rc = posix_spawn_file_actions_addchdir_np(actions, "/");
    return rc;
}

int ot_child_reset_signals(posix_spawnattr_t *attributes, short flags)
{
    sigset_t none, all;
    int rc;

    sigemptyset(&none);
    sigfillset(&all);
    rc = posix_spawnattr_setsigmask(attributes, &none);
    if (rc == 0)
        rc = posix_spawnattr_setsigdefault(attributes, &all);
    if (rc == 0)
        rc = posix_spawnattr_setflags(
            attributes, (short)(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | flags));
    return rc;
}

static enum ot_status job_init(struct job *job, const struct ot_child *child,
                               struct ot_error *err)
{
    const char *command = ot_env_get("ORGTRUST_COMMAND");
    int rc;

    memset(job, 0, sizeof(*job));
    job->command = command != NULL ? command : ORGTRUST_COMMAND_PATH;
    if (job->command[0] != '/')
        return ot_error_set(err, OT_E_CONFIG,
                            "ORGTRUST_COMMAND must be an absolute path");
    job->argv =
        (char *const *)(uintptr_t)child->argv; /* posix_spawn changes none of it */
    if (!fill_child_environment(job, child->instead))
        return ot_error_nomem(err);
    rc = posix_spawn_file_actions_init(&job->actions);
    job->has_actions = rc == 0;
    if (rc == 0)
        rc = fill_child_actions(&job->actions, child->fds);
    if (rc == 0) {
        rc = posix_spawnattr_init(&job->attributes);
        job->has_attributes = rc == 0;
    }
    if (rc == 0)
        rc = ot_child_reset_signals(&job->attributes, POSIX_SPAWN_SETSID);
    return rc == 0 ? OT_OK
                   : ot_error_errno(err, OT_E_IO, rc,
                                    "cannot prepare to start the orgtrust command");
}

/* The go-between's stack, with the result at its foot. Shared, so that the result arrives
 * also where valgrind or ThreadSanitizer make a copy of the rest. */
struct stage {
    int result;
    pid_t pid;
    char stack[STACK_BYTES] __attribute__((aligned(16)));
};

struct play {
    struct stage *stage;
    struct job *job;
};

/* Runs in the go-between, in the host's memory and on a stack of its own, while the
 * thread that made it stands still. It has its own umask; the host's signal handlers
 * cannot run in it: all signals are blocked. It ends when this returns. */
__attribute__((no_sanitize("address", "thread", "undefined"))) static int start(void *arg)
{
    const struct play *play = arg;
    struct job *job = play->job;

    umask(022);
    play->stage->result = posix_spawn(&play->stage->pid, job->command, &job->actions,
                                      &job->attributes, job->argv, job->environment);
    return 0;
}

/* Starts the job as an orphan; an errno, or 0.
 *
 * A child of posix_spawn or fork would be the host's: its end raises SIGCHLD and wakes
 * any wait(-1), and a host that never waits keeps a zombie. So a go-between is cloned
 * with no exit signal, which no plain wait sees, starts the child and is gone at once;
 * init gets the child. The go-between must not exec: that would give it back SIGCHLD
 * (clone(2)). Sharing memory (CLONE_VM) makes it as cheap as posix_spawn in a host of any
 * size; CLONE_VFORK holds this thread, whose thread-local storage it borrows, meanwhile.
 */
static int start_orphan(struct job *job, pid_t *orphan)
{
    sigset_t all, before;
    int rc;
    pid_t pid;
    struct stage *stage = mmap(NULL, sizeof(*stage), PROT_READ | PROT_WRITE,
                               MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct play play = {stage, job};

    if (stage == MAP_FAILED)
        return errno;
    stage->result = EAGAIN; /* should it be killed before it could try */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid = clone(start, stage->stack + STACK_BYTES, GO_BETWEEN, &play);
    rc = pid < 0 ? errno : 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    /* A host that waits for clones too may have taken it already: no matter. */
    while (pid > 0 && waitpid(pid, NULL, (int)__WCLONE) < 0 && errno == EINTR)
        ;
    if (pid > 0)
        rc = stage->result;
    *orphan = stage->pid;
    munmap(stage, sizeof(*stage));
    return rc;
}

enum ot_status ot_child_start(const struct ot_child *child, pid_t *pid,
                              struct ot_error *err)
{
    pid_t orphan = 0;
    struct job job;
    enum ot_status status = job_init(&job, child, err);
    int rc;

    if (status == OT_OK) {
        rc = start_orphan(&job, &orphan);
        if (rc != 0)
            status = ot_error_errno(err, OT_E_IO, rc, "cannot start %s %s", job.command,
                                    child->argv[1]);
    }
    job_clear(&job);
    if (pid != NULL)
        *pid = orphan;
    return status;
}

/* Adds to what has been kept; 0 at the end, -1 on failure. */
static ssize_t read_from_child(int fd, char *buf, size_t size, size_t *len)
{
    char discarded[64];
    bool keeps = *len < size;
    ssize_t n =
        read(fd, keeps ? buf + *len : discarded, keeps ? size - *len : sizeof(discarded));

    if (n > 0 && keeps)
        *len += (size_t)n;
    return n;
}

enum ot_status ot_child_read(int fd, int timeout_ms, char *buf, size_t size, size_t *len,
                             const char *what, struct ot_error *err)
{
    const int64_t deadline = ot_clock_ms() + timeout_ms;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int64_t left = timeout_ms;
    enum ot_status status = OT_OK;
    size_t kept = 0;
    int n;

    for (;;) {
        n = poll(&p, 1, left > 0 ? (int)left : 0);
        if (n < 0 && errno != EINTR) {
            status = ot_error_errno(err, OT_E_IO, errno, "cannot wait for %s", what);
            break;
        }
        /* The host closed it: no descriptor of ours any more, so not to be closed again.
         */
        if (n > 0 && (p.revents & POLLNVAL))
            return ot_error_set(err, OT_E_IO, "the wait for %s was cut short", what);
        if (n > 0 && read_from_child(fd, buf, size, &kept) == 0)
            break;
        left = deadline - ot_clock_ms();
        if (left <= 0) {
            status = ot_error_set(err, OT_E_BUSY, "%s is still running", what);
            break;
        }
    }
    close(fd);
    if (len != NULL)
        *len = kept;
    return status;
}

void ot_child_reap(pid_t pid)
{
    const struct timespec moment = {.tv_nsec = 2000000};
    const int64_t deadline = ot_clock_ms() + REAP_MS;

    while (waitpid(pid, NULL, WNOHANG) == 0 && ot_clock_ms() < deadline)
        nanosleep(&moment, NULL);
}
