#include "cache/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cache/path.h"

#define SAFE_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define ENVIRONMENT_MAX 64        /* more variables of these names than anyone sets */
#define STACK_BYTES (256u * 1024) /* posix_spawn needs 40 KB; the sanitizers more */
#define DONE_FD 3                 /* where the child holds the pipe */

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

/* What the one who starts the sync is told; it lives on the host's heap and stack. */
struct job {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    bool has_actions, has_attributes;
    const char *command;
    char *argv[7];
    char *environment[ENVIRONMENT_MAX + 1];
};

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

/* A process to which orphans go would get the sync's SIGCHLD after all. */
static bool adopts_orphans(void)
{
    int subreaper = 0;

    return getpid() == 1 ||
           (prctl(PR_GET_CHILD_SUBREAPER, &subreaper, 0, 0, 0) == 0 && subreaper != 0);
}

bool ot_spawn_is_allowed(const struct ot_source *source)
{
    if (!source->auto_refresh || ot_path_is_secure_mode() || adopts_orphans())
        return false;
    return ot_path_check_dir(source->cache_dir, NULL) != OT_E_UNSAFE &&
           may_write(source->cache_dir);
}

/* A variable that a sync, or the sanitizers in one, reads. What changes how libraries
 * behave (LD_*, OPENSSL_CONF, SSL_CERT_*, *_proxy) is the host's business alone: a sync
 * that took up OPENSSL_CONF would verify the API through orgtrust itself. */
static bool is_passed(const char *variable)
{
    static const char *const names[] = {"ORGTRUST_*",
                                        "OPENAI_ADMIN_KEY",
                                        "OPENAI_BASE_URL",
                                        "HOME",
                                        "XDG_*",
                                        "LANG",
                                        "LC_*",
                                        "TMPDIR",
                                        "ASAN_OPTIONS",
                                        "LSAN_OPTIONS",
                                        "TSAN_OPTIONS",
                                        "UBSAN_OPTIONS"};
    const char *equals = strchr(variable, '=');
    size_t i, len;

    if (equals == NULL)
        return false;
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        len = strlen(names[i]);
        if (names[i][len - 1] == '*' ? strncmp(variable, names[i], len - 1) == 0
                                     : (size_t)(equals - variable) == len &&
                                           memcmp(variable, names[i], len) == 0)
            return true;
    }
    return false;
}

static bool fill_environment(struct job *job)
{
    char **variable;
    size_t n = 0;

    job->environment[n] = strdup(SAFE_PATH);
    if (job->environment[n++] == NULL)
        return false;
    for (variable = environ; variable != NULL && *variable != NULL; variable++) {
        if (n == ENVIRONMENT_MAX || !is_passed(*variable))
            continue;
        job->environment[n] = strdup(*variable);
        if (job->environment[n++] == NULL)
            return false;
    }
    return true;
}

static void job_clear(struct job *job)
{
    size_t i;

    for (i = 0; i < ENVIRONMENT_MAX; i++)
        free(job->environment[i]);
    if (job->has_actions)
        posix_spawn_file_actions_destroy(&job->actions);
    if (job->has_attributes)
        posix_spawnattr_destroy(&job->attributes);
}

/* The pipe goes first to its place: the host may have closed its standard descriptors,
 * and got the pipe as one of them. */
static int fill_actions(posix_spawn_file_actions_t *actions, int done)
{
    int rc = 0, fd;

    if (done >= 0)
        rc = posix_spawn_file_actions_adddup2(actions, done, DONE_FD);
    for (fd = 0; fd < 3 && rc == 0; fd++)
        rc = posix_spawn_file_actions_addopen(actions, fd, "/dev/null", O_RDWR, 0);
    if (rc == 0)
        rc = posix_spawn_file_actions_addclosefrom_np(actions,
                                                      done >= 0 ? DONE_FD + 1 : DONE_FD);
    if (rc == 0)
        rc = posix_spawn_file_actions_addchdir_np(actions, "/");
    return rc;
}

static int fill_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    int rc;

    sigemptyset(&none);
    sigfillset(&all);
    rc = posix_spawnattr_setsigmask(attributes, &none);
    if (rc == 0)
        rc = posix_spawnattr_setsigdefault(attributes, &all);
    if (rc == 0)
        rc = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK |
                                                      POSIX_SPAWN_SETSIGDEF |
                                                      POSIX_SPAWN_SETSID);
    return rc;
}

static enum ot_status job_init(struct job *job, const struct ot_source *source, int done,
                               struct ot_error *err)
{
    const char *command = ot_path_env("ORGTRUST_COMMAND");
    char *const argv[] = {(char *)"orgtrust",
                          (char *)"sync",
                          (char *)"--source",
                          source->name,
                          (char *)"--if-stale",
                          (char *)"--quiet",
                          NULL};
    int rc;

    memset(job, 0, sizeof(*job));
    job->command = command != NULL ? command : ORGTRUST_COMMAND_PATH;
    if (job->command[0] != '/')
        return ot_error_set(err, OT_E_CONFIG,
                            "ORGTRUST_COMMAND must be an absolute path");
    memcpy(job->argv, argv, sizeof(argv));
    if (!fill_environment(job))
        return ot_error_nomem(err);
    rc = posix_spawn_file_actions_init(&job->actions);
    job->has_actions = rc == 0;
    if (rc == 0)
        rc = fill_actions(&job->actions, done);
    if (rc == 0) {
        rc = posix_spawnattr_init(&job->attributes);
        job->has_attributes = rc == 0;
    }
    if (rc == 0)
        rc = fill_attributes(&job->attributes);
    return rc == 0 ? OT_OK
                   : ot_error_errno(err, OT_E_IO, rc,
                                    "cannot prepare to start orgtrust sync");
}

/* The go-between's stack, with the result at its foot. Shared, so that the result arrives
 * also where valgrind or ThreadSanitizer make a copy of the rest. */
struct stage {
    int result;
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
    pid_t pid;

    umask(022);
    play->stage->result = posix_spawn(&pid, job->command, &job->actions, &job->attributes,
                                      job->argv, job->environment);
    return 0;
}

/* Starts the job as an orphan; an errno, or 0.
 *
 * A child of posix_spawn or fork would be the host's: its end raises SIGCHLD and wakes
 * any wait(-1), and a host that never waits keeps a zombie. So a go-between is cloned
 * with no exit signal, which no plain wait sees, starts the sync and is gone at once;
 * init gets the sync. The go-between must not exec: that would give it back SIGCHLD
 * (clone(2)). Sharing memory (CLONE_VM) makes it as cheap as posix_spawn in a host of any
 * size; CLONE_VFORK holds this thread, whose thread-local storage it borrows, meanwhile.
 */
static int start_orphan(struct job *job)
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
    munmap(stage, sizeof(*stage));
    return rc;
}

enum ot_status ot_spawn_sync(const struct ot_source *source, int *done,
                             struct ot_error *err)
{
    int ends[2] = {-1, -1}, rc;
    enum ot_status status;
    struct job job;

    if (done != NULL) {
        *done = -1;
        if (pipe2(ends, O_CLOEXEC) != 0)
            return ot_error_errno(err, OT_E_IO, errno, "cannot start orgtrust sync");
    }
    status = job_init(&job, source, ends[1], err);
    if (status == OT_OK) {
        rc = start_orphan(&job);
        if (rc != 0)
            status =
                ot_error_errno(err, OT_E_IO, rc, "cannot start %s sync", job.command);
    }
    job_clear(&job);
    if (done == NULL)
        return status;
    close(ends[1]);
    if (status != OT_OK)
        close(ends[0]);
    else
        *done = ends[0];
    return status;
}

static int64_t monotonic_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

enum ot_status ot_spawn_wait(int done, int timeout_ms, struct ot_error *err)
{
    const int64_t deadline = monotonic_ms() + timeout_ms;
    struct pollfd p = {.fd = done, .events = POLLIN};
    int64_t left = timeout_ms;
    enum ot_status status = OT_OK;
    char discarded[64];
    int n;

    for (;;) {
        n = poll(&p, 1, left > 0 ? (int)left : 0);
        if (n < 0 && errno != EINTR) {
            status = ot_error_errno(err, OT_E_IO, errno, "cannot wait for orgtrust sync");
            break;
        }
        /* The host closed it: no descriptor of ours any more, so not to be closed again.
         */
        if (n > 0 && (p.revents & POLLNVAL))
            return ot_error_set(err, OT_E_IO, "the wait for orgtrust sync was cut short");
        if (n > 0 && read(done, discarded, sizeof(discarded)) == 0)
            break;
        left = deadline - monotonic_ms();
        if (left <= 0) {
            status = ot_error_set(err, OT_E_BUSY, "orgtrust sync is still running");
            break;
        }
    }
    close(done);
    return status;
}
