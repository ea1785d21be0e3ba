#include "cache/spawn_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "config/source.h"
#include "files.h"
#include "sandbox.h"
#include "unit.h"

#define LONG_MS 60000

static struct ot_source source = {.name = (char *)"corp", .auto_refresh = true};
static char report_text[65536];

static void reset(void)
{
    setenv("ORGTRUST_COMMAND", SYNC_PROBE, 1);
    setenv("ORGTRUST_TEST_REPORT", unit_path("report"), 1);
    unsetenv("ORGTRUST_TEST_DELAY_MS");
    unsetenv("ORGTRUST_TEST_COUNT");
    unlink(unit_path("report"));
}

static void read_report(void)
{
    FILE *file = fopen(unit_path("report"), "re");
    size_t n = 1;

    memset(report_text, 0, sizeof(report_text));
    report_text[0] = '\n';
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    n += fread(report_text + n, 1, sizeof(report_text) - n - 1, file);
    fclose(file);
}

/* Starts the probe, waits for its end and reads what it saw. */
static void run_probe(void)
{
    struct ot_error err = OT_ERROR_INIT;
    int done;

    if (ot_spawn_sync(&source, &done, &err) != OT_OK)
        fprintf(stderr, "\n  %s\n", err.message);
    CU_ASSERT_FATAL(done >= 0);
    CU_ASSERT(fcntl(done, F_GETFD) & FD_CLOEXEC);
    CU_ASSERT_EQUAL(ot_spawn_wait(done, LONG_MS, &err), OT_OK);
    CU_ASSERT_EQUAL(fcntl(done, F_GETFD), -1); /* closed */
    read_report();
}

static bool reported(const char *line)
{
    char whole[8192];

    snprintf(whole, sizeof(whole), "\n%s\n", line);
    return strstr(report_text, whole) != NULL;
}

static void expect_reported(const char *line)
{
    if (!reported(line))
        fprintf(stderr, "\n  not reported: %s\n", line);
    CU_ASSERT(reported(line));
}

/* valgrind, following children, keeps descriptors of its own at the top. */
static unsigned count_lines(const char *start)
{
    const char *at = report_text;
    unsigned n = 0;
    char prefix[64];

    snprintf(prefix, sizeof(prefix), "\n%s", start);
    while ((at = strstr(at, prefix)) != NULL) {
        at += strlen(prefix);
        n += strcmp(start, "fd ") != 0 || atoi(at) < 100;
    }
    return n;
}

static void the_command_line_is_that_of_a_quiet_sync(void)
{
    reset();
    run_probe();
    CU_ASSERT_PTR_NOT_NULL(strstr(report_text,
                                  "\narg orgtrust\narg sync\narg --source\n"
                                  "arg corp\narg --if-stale\narg --quiet\n"));
    CU_ASSERT_EQUAL(count_lines("arg "), 6);
}

static void fault_52_the_host_sees_no_child(void)
{
    struct sigaction before;

    reset();
    child_unseen_begin(&before);
    run_probe();
    child_unseen_end(&before);
}

static void fault_52_the_child_holds_no_descriptor_of_the_host(void)
{
    int held[40], i;

    reset();
    for (i = 0; i < 40; i++)
        held[i] = open("/etc/passwd", O_RDONLY); /* inheritable */
    run_probe();
    CU_ASSERT_EQUAL(count_lines("fd "), 4);
    expect_reported("fd 0 /dev/null");
    expect_reported("fd 1 /dev/null");
    expect_reported("fd 2 /dev/null");
    CU_ASSERT_PTR_NOT_NULL(strstr(report_text, "\nfd 3 pipe:"));
    for (i = 0; i < 40; i++)
        close(held[i]);
}

static void wait_for_report(void)
{
    int i;

    for (i = 0; i < LONG_MS / 10 && access(unit_path("report"), F_OK) != 0; i++)
        usleep(10000);
    read_report();
}

static void without_a_pipe_there_is_none(void)
{
    reset();
    CU_ASSERT_EQUAL(ot_spawn_sync(&source, NULL, NULL), OT_OK);
    wait_for_report();
    CU_ASSERT_EQUAL(count_lines("fd "), 3);
}

static void fault_52_closed_standard_descriptors_do_no_harm(void)
{
    int status;
    pid_t pid;

    reset();
    pid = fork();
    if (pid == 0) {
        int done = -1;

        close(0);
        close(1);
        close(2);
        child_leave(ot_spawn_sync(&source, &done, NULL) == OT_OK && done > 2 &&
                    ot_spawn_wait(done, LONG_MS, NULL) == OT_OK);
    }
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT_EQUAL(status, 0);
    read_report();
    CU_ASSERT_EQUAL(count_lines("fd "), 4);
    expect_reported("fd 2 /dev/null");
    CU_ASSERT_PTR_NOT_NULL(strstr(report_text, "\nfd 3 pipe:"));
}

static void fault_52_signals_are_as_at_login(void)
{
    static const int ignored[] = {SIGPIPE, SIGHUP, SIGCHLD, SIGINT};
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before[4];
    sigset_t block, old, now;
    const char *mask;
    size_t i;

    reset();
    sigemptyset(&block);
    sigaddset(&block, SIGTERM);
    sigaddset(&block, SIGRTMIN + 1);
    for (i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(sigaction(ignored[i], &ignore, &before[i]), 0);
    CU_ASSERT_EQUAL(pthread_sigmask(SIG_SETMASK, &block, &old), 0);
    run_probe();
    CU_ASSERT_EQUAL(pthread_sigmask(SIG_SETMASK, &old, &now), 0);
    CU_ASSERT(sigismember(&now, SIGTERM) && !sigismember(&now, SIGINT));
    for (i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(sigaction(ignored[i], &before[i], NULL), 0);
    expect_reported("SigBlk:\t0000000000000000");
    /* 32 and 33 are the C library's own: posix_spawn ignores them on its way, always. */
    mask = strstr(report_text, "\nSigIgn:\t");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mask);
    CU_ASSERT_EQUAL(strtoull(mask + 9, NULL, 16) & ~UINT64_C(0x180000000), 0);
}

static void place_and_mask_are_not_the_hosts(void)
{
    mode_t before = umask(0);

    reset();
    CU_ASSERT_EQUAL(chdir(unit_dir()), 0);
    run_probe();
    CU_ASSERT_EQUAL(umask(before), 0); /* and the host's stayed */
    CU_ASSERT_EQUAL(chdir("/"), 0);
    expect_reported("cwd /");
    expect_reported("umask 022");
    expect_reported("leader 1");
}

static void fault_55_the_environment_is_what_a_sync_reads(void)
{
    static const char *const passed[] = {"OPENAI_ADMIN_KEY",
                                         "OPENAI_BASE_URL",
                                         "HOME",
                                         "OPENAI_ORG_ID",
                                         "OPENAI_PROJECT_ID",
                                         "XDG_CACHE_HOME",
                                         "LC_ALL",
                                         "LANG",
                                         "TMPDIR",
                                         "ORGTRUST_CONF"};
    static const char *const kept[] = {"OPENSSL_CONF", "SSL_CERT_FILE", "SSL_CERT_DIR",
                                       "https_proxy",  "LD_BIND_NOW",   "HOMEX",
                                       "OPENAI_ORG",   "AWS_SECRET"};
    char line[64];
    size_t i;
    pid_t pid;
    int status;

    reset();
    pid = fork(); /* not to leave these in this process */
    if (pid == 0) {
        int done;

        for (i = 0; i < 8; i++) {
            setenv(passed[i], "marked", 1);
            setenv(kept[i], "hidden", 1);
        }
        child_leave(ot_spawn_sync(&source, &done, NULL) == OT_OK &&
                    ot_spawn_wait(done, LONG_MS, NULL) == OT_OK);
    }
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT_EQUAL(status, 0);
    read_report();
    for (i = 0; i < 8; i++) {
        snprintf(line, sizeof(line), "env %s=marked", passed[i]);
        expect_reported(line);
    }
    CU_ASSERT_PTR_NULL(strstr(report_text, "hidden"));
    CU_ASSERT_PTR_NULL(strstr(report_text, "\narg marked"));
    expect_reported(
        "env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
}

static void a_command_that_is_not_there_is_named(void)
{
    struct ot_error err = OT_ERROR_INIT;
    int done = 5;

    reset();
    setenv("ORGTRUST_COMMAND", "orgtrust", 1);
    CU_ASSERT_EQUAL(ot_spawn_sync(&source, &done, &err), OT_E_CONFIG);
    CU_ASSERT_EQUAL(done, -1);
    if (child_is_under_valgrind()) {
        unit_skip("valgrind's posix_spawn always succeeds");
        return;
    }
    setenv("ORGTRUST_COMMAND", "/nonexistent/orgtrust", 1);
    CU_ASSERT_EQUAL(ot_spawn_sync(&source, &done, &err), OT_E_IO);
    CU_ASSERT_EQUAL(done, -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "/nonexistent/orgtrust"));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "No such file"));
    CU_ASSERT_EQUAL(waitpid(-1, NULL, (int)(__WALL | WNOHANG)), -1);
}

static void fault_51_no_descriptor_is_a_clean_error(void)
{
    struct ot_error err = OT_ERROR_INIT;
    struct rlimit before, few;
    int held[64], n = 0, done = 5;

    reset();
    CU_ASSERT_EQUAL(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = (struct rlimit){64, before.rlim_max};
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &few), 0);
    while (n < 64 && (held[n] = dup(2)) >= 0)
        n++;
    CU_ASSERT_EQUAL(ot_spawn_sync(&source, &done, &err), OT_E_IO);
    CU_ASSERT_EQUAL(done, -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "Too many open files"));
    CU_ASSERT_EQUAL(ot_spawn_sync(&source, NULL, &err), OT_OK); /* it needs none */
    while (n > 0)
        close(held[--n]);
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &before), 0);
    wait_for_report();
    CU_ASSERT_EQUAL(count_lines("fd "), 3);
}

static void fault_49_a_host_that_may_not_spawn_gets_an_error(void)
{
    static const unsigned calls[] = {SYS_clone, SYS_clone3, SYS_fork, SYS_vfork};
    int status;
    pid_t pid;

    if (!sandbox_is_possible()) {
        unit_skip("seccomp (sanitizer or valgrind)");
        return;
    }
    reset();
    pid = fork();
    if (pid == 0) {
        struct ot_error err = OT_ERROR_INIT;
        int done;

        if (!sandbox_enter(calls, 4, true))
            _exit(9);
        _exit(ot_spawn_sync(&source, &done, &err) == OT_E_IO && done == -1 &&
                      strstr(err.message, "not permitted") != NULL
                  ? 0
                  : 1);
    }
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT_EQUAL(status, 0);
}

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void on_alarm(int signal_number)
{
    (void)signal_number;
}

static void waiting_is_bounded_also_by_signals(void)
{
    struct itimerval often = {{0, 5000}, {0, 5000}}, off = {{0, 0}, {0, 0}};
    struct sigaction action = {.sa_handler = on_alarm}, before;
    struct ot_error err = OT_ERROR_INIT;
    int64_t start, took;
    int done;

    reset();
    setenv("ORGTRUST_TEST_DELAY_MS", "3000", 1);
    CU_ASSERT_EQUAL_FATAL(ot_spawn_sync(&source, &done, NULL), OT_OK);
    CU_ASSERT_EQUAL(sigaction(SIGALRM, &action, &before), 0);
    CU_ASSERT_EQUAL(setitimer(ITIMER_REAL, &often, NULL), 0);
    start = now_ms();
    CU_ASSERT_EQUAL(ot_spawn_wait(done, 200, &err), OT_E_BUSY);
    took = now_ms() - start;
    CU_ASSERT_EQUAL(setitimer(ITIMER_REAL, &off, NULL), 0);
    CU_ASSERT_EQUAL(sigaction(SIGALRM, &before, NULL), 0);
    CU_ASSERT(took >= 195 && took < 2900);
    CU_ASSERT_EQUAL(fcntl(done, F_GETFD), -1);
    unsetenv("ORGTRUST_TEST_DELAY_MS");
}

static void fault_52_a_pipe_closed_by_the_host_ends_the_wait(void)
{
    struct ot_error err = OT_ERROR_INIT;
    int done;

    reset();
    CU_ASSERT_EQUAL_FATAL(ot_spawn_sync(&source, &done, NULL), OT_OK);
    close(done);
    CU_ASSERT_EQUAL(ot_spawn_wait(done, LONG_MS, &err), OT_E_IO);
    wait_for_report();
}

static void *spawn_some(void *arg)
{
    int *failed = arg;
    int i, done;

    for (i = 0; i < 5; i++)
        if (ot_spawn_sync(&source, &done, NULL) != OT_OK ||
            ot_spawn_wait(done, LONG_MS, NULL) != OT_OK)
            (*failed)++;
    return NULL;
}

static void fault_52_threads_with_small_stacks_can_spawn_at_once(void)
{
    struct sigaction before;
    pthread_attr_t attributes;
    pthread_t threads[8];
    int failed[8] = {0}, i;
    struct stat st;

    reset();
    unsetenv("ORGTRUST_TEST_REPORT");
    setenv("ORGTRUST_TEST_COUNT", unit_path("count"), 1);
    child_unseen_begin(&before);
    pthread_attr_init(&attributes);
    CU_ASSERT_EQUAL(pthread_attr_setstacksize(&attributes, 128 * 1024), 0);
    for (i = 0; i < 8; i++)
        CU_ASSERT_EQUAL(pthread_create(&threads[i], &attributes, spawn_some, &failed[i]),
                        0);
    for (i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        CU_ASSERT_EQUAL(failed[i], 0);
    }
    pthread_attr_destroy(&attributes);
    CU_ASSERT_EQUAL(stat(unit_path("count"), &st), 0);
    CU_ASSERT_EQUAL(st.st_size, 40);
    child_unseen_end(&before);
}

static bool allowed_as_nobody(void)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        if (geteuid() == 0 && setuid(65534) != 0)
            _exit(9);
        child_leave(ot_spawn_is_allowed(&source));
    }
    waitpid(pid, &status, 0);
    CU_ASSERT(status == 0 || status == 1 << 8);
    return status == 0;
}

static void who_may_start_one(void)
{
    char dir[4200];

    reset();
    snprintf(dir, sizeof(dir), "%s", unit_path("cache"));
    source.cache_dir = dir;
    CU_ASSERT(ot_spawn_is_allowed(&source)); /* it can be made */
    CU_ASSERT_EQUAL(mkdir(dir, 0700), 0);
    CU_ASSERT(ot_spawn_is_allowed(&source));
    source.auto_refresh = false;
    CU_ASSERT_FALSE(ot_spawn_is_allowed(&source));
    source.auto_refresh = true;
    CU_ASSERT_EQUAL(chmod(dir, 0777), 0); /* unsafe: a sync would refuse it */
    CU_ASSERT_FALSE(ot_spawn_is_allowed(&source));
    CU_ASSERT_EQUAL(chmod(dir, 0700), 0);
    CU_ASSERT_EQUAL(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
    CU_ASSERT_FALSE(ot_spawn_is_allowed(&source));
    CU_ASSERT_EQUAL(prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0), 0);
    source.cache_dir = (char *)"/etc/passwd/cache";
    CU_ASSERT_FALSE(ot_spawn_is_allowed(&source));
    source.cache_dir = NULL;
}

static void fault_75_nothing_is_started_under_a_filter(void)
{
    int status;
    pid_t pid;

    if (!sandbox_is_possible()) {
        unit_skip("seccomp (sanitizer or valgrind)");
        return;
    }
    source.cache_dir = (char *)unit_path("filtered");
    CU_ASSERT(ot_spawn_is_allowed(&source));
    pid = fork();
    if (pid == 0)
        _exit(sandbox_kill() && !ot_spawn_is_allowed(&source) ? 0 : 1);
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT_EQUAL(status, 0);
    source.cache_dir = NULL;
}

static void fault_39_a_read_only_cache_starts_nothing(void)
{
    char dir[4200], below[4210];

    if (geteuid() != 0) {
        fprintf(stderr, "\n  NOT TESTED: another user's cache (needs root)\n");
        return;
    }
    snprintf(dir, sizeof(dir), "%s", unit_path("machine"));
    snprintf(below, sizeof(below), "%s/new", dir);
    CU_ASSERT_EQUAL(chmod(unit_dir(), 0711), 0);
    CU_ASSERT_EQUAL(mkdir(dir, 0755), 0);
    source.cache_dir = dir;
    CU_ASSERT_FALSE(allowed_as_nobody());
    source.cache_dir = below;
    CU_ASSERT_FALSE(allowed_as_nobody());
    CU_ASSERT_EQUAL(chown(dir, 65534, 65534), 0);
    CU_ASSERT(allowed_as_nobody());
    source.cache_dir = dir;
    CU_ASSERT(allowed_as_nobody());
    CU_ASSERT_EQUAL(chmod(unit_dir(), 0700), 0);
    source.cache_dir = NULL;
}

int main(int argc, char **argv)
{
    static const struct unit_case cases[] = {
        {"the_command_line_is_that_of_a_quiet_sync",
         the_command_line_is_that_of_a_quiet_sync},
        {"fault_52_the_host_sees_no_child", fault_52_the_host_sees_no_child},
        {"fault_52_the_child_holds_no_descriptor_of_the_host",
         fault_52_the_child_holds_no_descriptor_of_the_host},
        {"without_a_pipe_there_is_none", without_a_pipe_there_is_none},
        {"fault_52_closed_standard_descriptors_do_no_harm",
         fault_52_closed_standard_descriptors_do_no_harm},
        {"fault_52_signals_are_as_at_login", fault_52_signals_are_as_at_login},
        {"place_and_mask_are_not_the_hosts", place_and_mask_are_not_the_hosts},
        {"fault_55_the_environment_is_what_a_sync_reads",
         fault_55_the_environment_is_what_a_sync_reads},
        {"a_command_that_is_not_there_is_named", a_command_that_is_not_there_is_named},
        {"fault_51_no_descriptor_is_a_clean_error",
         fault_51_no_descriptor_is_a_clean_error},
        {"fault_49_a_host_that_may_not_spawn_gets_an_error",
         fault_49_a_host_that_may_not_spawn_gets_an_error},
        {"waiting_is_bounded_also_by_signals", waiting_is_bounded_also_by_signals},
        {"fault_52_a_pipe_closed_by_the_host_ends_the_wait",
         fault_52_a_pipe_closed_by_the_host_ends_the_wait},
        {"fault_52_threads_with_small_stacks_can_spawn_at_once",
         fault_52_threads_with_small_stacks_can_spawn_at_once},
        {"who_may_start_one", who_may_start_one},
        {"fault_75_nothing_is_started_under_a_filter",
         fault_75_nothing_is_started_under_a_filter},
        {"fault_39_a_read_only_cache_starts_nothing",
         fault_39_a_read_only_cache_starts_nothing},
        {NULL, NULL}};

    return unit_main("spawn", cases, argc, argv);
}
