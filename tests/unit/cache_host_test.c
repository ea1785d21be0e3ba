/* The cache inside hosts that have threads, fork, are sandboxed or short of everything.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cache/cache.h"
#include "cache_fixture.h"
#include "child.h"
#include "files.h"
#include "sandbox.h"
#include "setuid.h"
#include "snapshot/snapshot.h"
#include "unit.h"

#define GETTERS 8

static struct ot_cache *cache;
static atomic_bool stop;
static atomic_uint bad, looks;

static void begin(void)
{
    fixture_reset();
    atomic_store(&stop, false);
    atomic_store(&bad, 0);
    atomic_store(&looks, 0);
    cache = NULL;
    CU_ASSERT_EQUAL_FATAL(ot_cache_new(&cache, &fixture_source, NULL), OT_OK);
    fixture_write(fixture_snapshot, 2, 0);
}

/* A snapshot of 2 or of 4 certificates, whole, each time. */
static bool get_is_sound(void)
{
    struct ot_snapshot *snapshot = NULL;
    unsigned n;

    if (ot_cache_get(cache, 0, &snapshot, NULL) != OT_OK)
        return false;
    n = fixture_read_all(snapshot);
    ot_snapshot_unref(snapshot);
    return n == 2 || n == 4;
}

/* valgrind runs one thread at a time, and not fairly. */
static int fewer_under_valgrind(int n)
{
    return child_is_under_valgrind() ? n / 10 : n;
}

static void *get_until_stopped(void *arg)
{
    (void)arg;
    while (!atomic_load(&stop)) {
        if (!get_is_sound())
            atomic_fetch_add(&bad, 1);
        atomic_fetch_add(&looks, 1);
        if (child_is_under_valgrind())
            usleep(1000);
    }
    return NULL;
}

static void start(pthread_t *threads)
{
    int i;

    for (i = 0; i < GETTERS; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, get_until_stopped, NULL),
                              0);
}

static void finish(pthread_t *threads)
{
    int i;

    atomic_store(&stop, true);
    for (i = 0; i < GETTERS; i++)
        pthread_join(threads[i], NULL);
    CU_ASSERT_EQUAL(atomic_load(&bad), 0);
    CU_ASSERT(atomic_load(&looks) > 0);
    ot_cache_free(cache);
}

static void fault_48_getters_while_files_are_replaced(void)
{
    pthread_t threads[GETTERS];
    int i;

    begin();
    start(threads);
    for (i = 0; i < fewer_under_valgrind(200); i++)
        fixture_write(fixture_snapshot, i % 2 ? 2 : 4, 0);
    finish(threads);
}

static void fault_46_forks_while_threads_get(void)
{
    pthread_t threads[GETTERS];
    int i, j, status;
    pid_t pid;

    if (!child_of_threads_is_possible())
        return;
    begin();
    start(threads);
    for (i = 0; i < fewer_under_valgrind(100); i++) {
        if (i % 10 == 0) /* some forks fall into a swap */
            fixture_write(fixture_snapshot, i % 20 ? 2 : 4, 0);
        pid = fork();
        if (pid == 0) {
            alarm(60); /* a deadlock ends as SIGALRM */
            for (j = 0; j < 20; j++)
                if (!get_is_sound())
                    child_leave(false);
            child_leave(true);
        }
        CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
        CU_ASSERT_EQUAL(status, 0);
    }
    finish(threads);
}

static void *wait_for_first(void *arg)
{
    struct ot_snapshot *snapshot = NULL;

    (void)arg;
    ot_cache_get(cache, OT_CACHE_WAIT, &snapshot, NULL);
    ot_snapshot_unref(snapshot);
    return NULL;
}

static void fault_46_a_fork_while_a_thread_waits_for_a_sync(void)
{
    pthread_t thread;
    int status;
    pid_t pid;

    if (!child_of_threads_is_possible())
        return;
    begin();
    CU_ASSERT_EQUAL(rename(fixture_snapshot, fixture_spare), 0);
    fixture_sync_does(fixture_spare, fixture_snapshot, 700);
    CU_ASSERT_EQUAL(pthread_create(&thread, NULL, wait_for_first, NULL), 0);
    CU_ASSERT_EQUAL(fixture_syncs(1), 1); /* so it waits */
    pid = fork();
    if (pid == 0) {
        struct timespec a, b;

        alarm(60);
        clock_gettime(CLOCK_MONOTONIC, &a);
        wait_for_first(NULL); /* must not wait for a thread that is not here */
        clock_gettime(CLOCK_MONOTONIC, &b);
        child_leave(b.tv_sec - a.tv_sec < 5);
    }
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT_EQUAL(status, 0);
    pthread_join(thread, NULL);
    CU_ASSERT(get_is_sound());
    ot_cache_free(cache);
}

static unsigned descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned n = 0;

    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    return n;
}

static void fault_52_no_descriptor_is_kept(void)
{
    struct ot_snapshot *snapshot = NULL;
    unsigned before = descriptors();
    int fd;

    begin();
    CU_ASSERT_EQUAL(ot_cache_get(cache, 0, &snapshot, NULL), OT_OK);
    CU_ASSERT_EQUAL(descriptors(), before);
    CU_ASSERT_EQUAL(rename(fixture_snapshot, fixture_spare), 0);
    fixture_get(cache, OT_CACHE_REFRESH, OT_OK);
    CU_ASSERT_EQUAL(descriptors(), before);
    fd = open("/dev/null", O_RDONLY); /* closing all beyond it takes nothing from us */
    CU_ASSERT_EQUAL(close_range((unsigned)fd, 200, 0), 0);
    CU_ASSERT_EQUAL(fixture_read_all(snapshot), 2);
    ot_snapshot_unref(snapshot);
    ot_cache_free(cache);
}

static void *get_while_it_is_cancelled(void *arg)
{
    pthread_cancel(pthread_self()); /* waits for the next call that may be the last */
    if (get_is_sound())
        atomic_fetch_add(&looks, 1);
    return arg;
}

/* A new file is opened, and what is not there explained, to the end. */
static void fault_46_a_thread_is_cancelled_behind_its_look(void)
{
    unsigned before = descriptors();
    pthread_t thread;

    begin();
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, get_while_it_is_cancelled, NULL),
                          0);
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(atomic_load(&looks), 1);
    CU_ASSERT_EQUAL(descriptors(), before);
    ot_cache_free(cache);
}

static int in_child(int (*run)(void))
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0)
        _exit(run());
    waitpid(pid, &status, 0);
    return status;
}

/* What the read path may need (row 49). The rest of the list is what a process
 * needs to run and to end at all. */
static int read_in_sandbox(void)
{
    static const unsigned calls[] = {
        SYS_open,  SYS_openat,        SYS_read,       SYS_fstat,   SYS_newfstatat,
        SYS_stat,  SYS_lstat,         SYS_mmap,       SYS_munmap,  SYS_close,
        SYS_brk,   SYS_getpid,        SYS_geteuid,    SYS_madvise, SYS_exit_group,
        SYS_futex, SYS_clock_gettime, SYS_sched_yield};

    if (!sandbox_enter(calls, sizeof(calls) / sizeof(calls[0]), false))
        return 9;
    return get_is_sound() ? 0 : 1;
}

/* And one whose file has not changed: a stat. */
static int look_in_sandbox(void)
{
    static const unsigned calls[] = {SYS_newfstatat, SYS_lstat, SYS_getpid,
                                     SYS_exit_group};
    struct ot_snapshot *first = NULL, *second = NULL;

    if (ot_cache_get(cache, 0, &first, NULL) != OT_OK)
        return 8;
    if (!sandbox_enter(calls, sizeof(calls) / sizeof(calls[0]), false))
        return 9;
    return ot_cache_get(cache, 0, &second, NULL) != OT_OK || first != second;
}

/* Nothing at all allowed: what is mapped is served, what is not is an error. */
static int starve_in_sandbox(void)
{
    static const unsigned calls[] = {SYS_getpid, SYS_exit_group};
    struct ot_snapshot *snapshot = NULL;
    struct ot_cache *other = NULL;
    struct ot_error err = OT_ERROR_INIT;

    if (!get_is_sound() || ot_cache_new(&other, &fixture_source, NULL) != OT_OK)
        return 8;
    if (!sandbox_enter(calls, sizeof(calls) / sizeof(calls[0]), false))
        return 9;
    if (!get_is_sound())
        return 1;
    return ot_cache_get(other, OT_CACHE_WAIT | OT_CACHE_REFRESH, &snapshot, &err) !=
               OT_E_IO ||
           strstr(err.message, "not permitted") == NULL;
}

static void fault_49_under_seccomp(void)
{
    if (!sandbox_is_possible()) {
        unit_skip("seccomp (sanitizer or valgrind)");
        return;
    }
    begin();
    CU_ASSERT_EQUAL(in_child(read_in_sandbox), 0);
    CU_ASSERT_EQUAL(in_child(look_in_sandbox), 0);
    CU_ASSERT_EQUAL(in_child(starve_in_sandbox), 0);
    ot_cache_free(cache);
}

static int get_or_be_killed(unsigned flags, unsigned expected)
{
    struct ot_snapshot *snapshot = NULL;
    unsigned n = 0;

    if (!sandbox_kill())
        return 9;
    if (ot_cache_get(cache, flags, &snapshot, NULL) == OT_OK)
        n = fixture_read_all(snapshot);
    return n == expected ? 0 : 1;
}

static int get_stale_or_be_killed(void)
{
    return get_or_be_killed(OT_CACHE_REFRESH, 2);
}

static int wait_or_be_killed(void)
{
    return get_or_be_killed(OT_CACHE_REFRESH | OT_CACHE_WAIT, 0);
}

/* One thread is held back, another is not and waits for the first snapshot. */
static int wait_beside_a_waiting_thread(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, wait_for_first, NULL) != 0 || fixture_syncs(1) != 1)
        return 8;
    return wait_or_be_killed();
}

static void fault_75_where_a_call_kills_nothing_is_started(void)
{
    if (!sandbox_is_possible()) {
        unit_skip("seccomp (sanitizer or valgrind)");
        return;
    }
    begin();
    fixture_age(fixture_snapshot, 7200);
    CU_ASSERT_EQUAL(in_child(get_stale_or_be_killed), 0);
    CU_ASSERT_EQUAL(rename(fixture_snapshot, fixture_spare), 0);
    CU_ASSERT_EQUAL(in_child(wait_or_be_killed), 0);
    CU_ASSERT_EQUAL(fixture_syncs(0), 0);
    fixture_sync_does(fixture_spare, fixture_snapshot, 3000);
    CU_ASSERT_EQUAL(in_child(wait_beside_a_waiting_thread), 0);
    ot_cache_free(cache);
}

static void fault_51_without_descriptors_the_earlier_one_stays(void)
{
    struct rlimit before, few;
    int held[64], n = 0;

    begin();
    CU_ASSERT(get_is_sound());
    fixture_write(fixture_snapshot, 4, 0);
    CU_ASSERT_EQUAL(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = (struct rlimit){64, before.rlim_max};
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &few), 0);
    while (n < 64 && (held[n] = dup(2)) >= 0)
        n++;
    CU_ASSERT_EQUAL(fixture_get(cache, 0, OT_OK), 2);
    ot_cache_free(cache);
    CU_ASSERT_EQUAL_FATAL(ot_cache_new(&cache, &fixture_source, NULL), OT_OK);
    fixture_get(cache, OT_CACHE_WAIT, OT_E_IO);
    while (n > 0)
        close(held[--n]);
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &before), 0);
    CU_ASSERT_EQUAL(fixture_get(cache, 0, OT_OK), 4);
    ot_cache_free(cache);
}

static void fault_50_a_setuid_host_listens_to_nobody(void)
{
    char program[PATH_MAX], dir[PATH_MAX];
    int status;
    pid_t pid;

    if (!setuid_is_possible())
        return;
    fixture_reset();
    snprintf(program, sizeof(program), "%s", unit_path("secure"));
    snprintf(dir, sizeof(dir), "%s", unit_path("created"));
    CU_ASSERT_TRUE(setuid_copy(SECURE_PROBE, program));
    file_put(unit_path("evil"), "nonsense\n", 9, 0644);
    CU_ASSERT_EQUAL(mkdir(unit_path(".config"), 0755), 0);
    CU_ASSERT_EQUAL(mkdir(unit_path(".config/orgtrust"), 0755), 0);
    file_put(unit_path(".config/orgtrust/orgtrust.conf"), "nonsense\n", 9, 0644);
    CU_ASSERT_EQUAL(chmod(unit_dir(), 0711), 0);
    pid = fork();
    if (pid == 0) {
        setenv("ORGTRUST_CONF", unit_path("evil"), 1);
        setenv("OPENAI_ADMIN_KEY", "k", 1);
        setenv("HOME", unit_dir(), 1);
        if (setuid(65534) != 0)
            _exit(98);
        execl(program, program, dir, (char *)NULL);
        _exit(97);
    }
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    if (status == 1 << 8)
        fprintf(stderr, "\n  is %s on a file system without setuid?\n", unit_dir());
    CU_ASSERT_EQUAL(status, 0);
    CU_ASSERT_EQUAL(fixture_syncs(0), 0);
    CU_ASSERT_EQUAL(chmod(unit_dir(), 0700), 0);
}

/* clang-format 14 and 19 disagree on the macro of an initializer. */
/* clang-format off */
#define CASE(name) {#name, name}
/* clang-format on */

int main(int argc, char **argv)
{
    static const struct unit_case cases[] = {
        CASE(fault_48_getters_while_files_are_replaced),
        CASE(fault_46_forks_while_threads_get),
        CASE(fault_46_a_fork_while_a_thread_waits_for_a_sync),
        CASE(fault_52_no_descriptor_is_kept),
        CASE(fault_46_a_thread_is_cancelled_behind_its_look),
        CASE(fault_49_under_seccomp),
        CASE(fault_75_where_a_call_kills_nothing_is_started),
        CASE(fault_51_without_descriptors_the_earlier_one_stays),
        CASE(fault_50_a_setuid_host_listens_to_nobody),
        {NULL, NULL}};

    return unit_main("cache_host", cases, argc, argv);
}
