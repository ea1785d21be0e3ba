#include "files/file_lock.h"

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "unit.h"

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A process that holds the lock until it is killed or ms have passed. */
static pid_t holder(const char *path, int ms)
{
    int fd, pipes[2];
    bool waited;
    char byte;
    pid_t pid;

    CU_ASSERT_EQUAL_FATAL(pipe(pipes), 0);
    pid = fork();
    CU_ASSERT_FATAL(pid >= 0);
    if (pid == 0) {
        if (ot_file_lock_take(&fd, path, 0, &waited, NULL) != OT_OK ||
            write(pipes[1], "x", 1) != 1)
            _exit(1);
        usleep((useconds_t)ms * 1000);
        _exit(0);
    }
    close(pipes[1]);
    CU_ASSERT_EQUAL(read(pipes[0], &byte, 1), 1);
    close(pipes[0]);
    return pid;
}

static void a_free_lock_is_taken_at_once(void)
{
    const char *path = unit_path("free.lock");
    bool waited = true;
    struct stat st;
    int fd;

    CU_ASSERT_EQUAL(ot_file_lock_take(&fd, path, 0, &waited, NULL), OT_OK);
    CU_ASSERT_FALSE(waited);
    CU_ASSERT(fd >= 0 && (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    CU_ASSERT_EQUAL(stat(path, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 07777, 0600);
    ot_file_lock_release(fd);
    CU_ASSERT_EQUAL(stat(path, &st), 0); /* it stays */
    CU_ASSERT_EQUAL(ot_file_lock_take(&fd, path, 0, &waited, NULL), OT_OK);
    ot_file_lock_release(fd);
    ot_file_lock_release(-1);
}

static void a_held_lock_is_busy_after_the_wait(void)
{
    const char *path = unit_path("busy.lock");
    pid_t pid = holder(path, 10000);
    struct ot_error err = OT_ERROR_INIT;
    int64_t began = now_ms();
    bool waited = false;
    int fd = 7;

    CU_ASSERT_EQUAL(ot_file_lock_take(&fd, path, 0, &waited, &err), OT_E_BUSY);
    CU_ASSERT_TRUE(waited);
    CU_ASSERT_EQUAL(fd, -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, path));
    CU_ASSERT_EQUAL(ot_file_lock_take(&fd, path, 120, &waited, &err), OT_E_BUSY);
    CU_ASSERT(now_ms() - began >= 120);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void fault_44_the_lock_dies_with_its_process(void)
{
    const char *path = unit_path("dies.lock");
    pid_t pid = holder(path, 10000);
    bool waited = true;
    int fd;

    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    CU_ASSERT_EQUAL(ot_file_lock_take(&fd, path, 0, &waited, NULL), OT_OK);
    CU_ASSERT_FALSE(waited);
    ot_file_lock_release(fd);
}

static void fault_44_a_loser_gets_the_lock_when_it_is_free(void)
{
    const char *path = unit_path("waits.lock");
    pid_t pid = holder(path, 100);
    bool waited = false;
    int fd;

    CU_ASSERT_EQUAL(ot_file_lock_take(&fd, path, 10000, &waited, NULL), OT_OK);
    CU_ASSERT_TRUE(waited);
    ot_file_lock_release(fd);
    waitpid(pid, NULL, 0);
}

struct told {
    int times;
    int64_t at_ms;
    char holder[OT_LOCK_HOLDER_MAX];
};

static void keep_told(void *arg, const char *holder)
{
    struct told *told = arg;

    told->times++;
    told->at_ms = now_ms();
    snprintf(told->holder, sizeof(told->holder), "%s", holder);
}

static void who_holds_it_is_told_once_and_at_once(void)
{
    const char *path = unit_path("told.lock");
    int64_t began = now_ms();
    struct told told = {0};
    const struct ot_lock_wait how = {.limit_ms = 20000, .waits = keep_told, .arg = &told};
    char name[17], expected[64];
    pid_t pid = holder(path, 1200);
    int fd;

    CU_ASSERT_EQUAL(ot_file_lock_wait(&fd, path, &how, NULL), OT_OK);
    CU_ASSERT(now_ms() - began >= 1100);
    CU_ASSERT_EQUAL(told.times, 1);
    CU_ASSERT(told.at_ms - began < 600);
    prctl(PR_GET_NAME, name); /* under valgrind another than the file's */
    snprintf(expected, sizeof(expected), "%s (process %ld)", name, (long)pid);
    CU_ASSERT_STRING_EQUAL(told.holder, expected);
    ot_file_lock_release(fd);
    waitpid(pid, NULL, 0);
    told.times = 0;
    CU_ASSERT_EQUAL(ot_file_lock_wait(&fd, path, &how, NULL), OT_OK);
    CU_ASSERT_EQUAL(told.times, 0);
    ot_file_lock_release(fd);
}

/* flock(1) and shells leave a lock to the processes that they start. */
static void who_inherited_it_is_another_process(void)
{
    const char *path = unit_path("inherited.lock");
    struct ot_error err = OT_ERROR_INIT;
    int fd, pipes[2];
    char byte;
    bool waited;
    pid_t pid;

    CU_ASSERT_EQUAL_FATAL(pipe(pipes), 0);
    pid = fork();
    CU_ASSERT_FATAL(pid >= 0);
    if (pid == 0) {
        if (ot_file_lock_take(&fd, path, 0, &waited, NULL) == OT_OK && fork() == 0) {
            close(pipes[1]);
            _exit(read(pipes[0], &byte, 1) != 1);
        }
        _exit(0);
    }
    close(pipes[0]);
    waitpid(pid, NULL, 0);
    CU_ASSERT_EQUAL(ot_file_lock_take(&fd, path, 0, &waited, &err), OT_E_BUSY);
    CU_ASSERT_EQUAL(strncmp(err.message, "another process holds", 21), 0);
    CU_ASSERT_EQUAL(write(pipes[1], "x", 1), 1);
    close(pipes[1]);
}

static void a_long_wait_ends_by_its_limit_and_by_a_stop(void)
{
    const char *path = unit_path("limit.lock");
    pid_t pid = holder(path, 10000);
    volatile int stop = 0;
    const struct ot_lock_wait how = {.limit_ms = 700, .stop = &stop};
    struct ot_error err = OT_ERROR_INIT;
    int64_t began = now_ms();
    char expected[32];
    int fd;

    CU_ASSERT_EQUAL(ot_file_lock_wait(&fd, path, &how, &err), OT_E_BUSY);
    CU_ASSERT(now_ms() - began >= 700);
    snprintf(expected, sizeof(expected), " (process %ld)", (long)pid);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, expected));
    stop = 1;
    CU_ASSERT_EQUAL(ot_file_lock_wait(&fd, path, &how, NULL), OT_E_INTERRUPTED);
    CU_ASSERT_EQUAL(fd, -1);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* Somebody removes the lock file while it is held, and a second one takes a new file: the
 * first to wait must not go on with the old. */
static void fault_44_a_removed_lock_file_excludes_nobody_for_long(void)
{
    const char *path = unit_path("removed.lock");
    pid_t pid = holder(path, 100);
    struct stat ours, there;
    bool waited = false;
    int fd;
    pid_t remover = fork();

    CU_ASSERT_FATAL(remover >= 0);
    if (remover == 0) {
        usleep(30000);
        _exit(unlink(path) != 0);
    }
    CU_ASSERT_EQUAL(ot_file_lock_take(&fd, path, 10000, &waited, NULL), OT_OK);
    CU_ASSERT_TRUE(waited);
    CU_ASSERT_EQUAL_FATAL(fstat(fd, &ours), 0);
    CU_ASSERT_EQUAL_FATAL(stat(path, &there), 0);
    CU_ASSERT_EQUAL(ours.st_ino, there.st_ino);
    ot_file_lock_release(fd);
    waitpid(pid, NULL, 0);
    waitpid(remover, NULL, 0);
}

static void fault_44_two_hundred_processes_take_turns(void)
{
    enum { PROCESSES = 200 };
    const char *path = unit_path("many.lock");
    volatile int *shared =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t pids[PROCESSES];
    int failed = 0;

    CU_ASSERT_FATAL((const volatile void *)shared != MAP_FAILED);
    for (int i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        CU_ASSERT_FATAL(pids[i] >= 0);
        if (pids[i] == 0) {
            bool waited;
            int fd, before;

            if (ot_file_lock_take(&fd, path, 60000, &waited, NULL) != OT_OK)
                _exit(1);
            before = shared[0];
            usleep(500);
            shared[0] = before + 1; /* lost if two are here at once */
            ot_file_lock_release(fd);
            _exit(0);
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status = -1;

        waitpid(pids[i], &status, 0);
        failed += status != 0;
    }
    CU_ASSERT_EQUAL(failed, 0);
    CU_ASSERT_EQUAL(shared[0], PROCESSES);
    munmap((void *)(uintptr_t)shared, 4096);
}

static void fault_40_what_is_no_regular_file_is_refused(void)
{
    const char *link = unit_path("link.lock"), *fifo = unit_path("fifo.lock");
    const char *target = unit_path("target");
    struct ot_error err = OT_ERROR_INIT;
    struct stat st;
    bool waited;
    int fd;

    CU_ASSERT_EQUAL_FATAL(symlink(target, link), 0);
    CU_ASSERT_EQUAL(ot_file_lock_take(&fd, link, 0, &waited, &err), OT_E_UNSAFE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "symbolic link"));
    CU_ASSERT(lstat(target, &st) != 0); /* nothing was made through it */
    CU_ASSERT_EQUAL_FATAL(mkfifo(fifo, 0600), 0);
    CU_ASSERT_EQUAL(ot_file_lock_take(&fd, fifo, 0, &waited, &err), OT_E_UNSAFE);
    CU_ASSERT_EQUAL(fd, -1);
}

static void fault_39_a_missing_directory_is_named(void)
{
    struct ot_error err = OT_ERROR_INIT;
    bool waited;
    int fd;

    CU_ASSERT_EQUAL(ot_file_lock_take(&fd, unit_path("none/x.lock"), 0, &waited, &err),
                    OT_E_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "none/x.lock"));
}

int main(int argc, char **argv)
{
    static const struct unit_case cases[] = {
        {"a free lock is taken at once", a_free_lock_is_taken_at_once},
        {"a held lock is busy after the wait", a_held_lock_is_busy_after_the_wait},
        {"fault_44_the_lock_dies_with_its_process",
         fault_44_the_lock_dies_with_its_process},
        {"fault_44_a_loser_gets_the_lock_when_it_is_free",
         fault_44_a_loser_gets_the_lock_when_it_is_free},
        {"who holds it is told once and at once", who_holds_it_is_told_once_and_at_once},
        {"who inherited it is another process", who_inherited_it_is_another_process},
        {"a long wait ends by its limit and by a stop",
         a_long_wait_ends_by_its_limit_and_by_a_stop},
        {"fault_44_a_removed_lock_file_excludes_nobody_for_long",
         fault_44_a_removed_lock_file_excludes_nobody_for_long},
        {"fault_44_two_hundred_processes_take_turns",
         fault_44_two_hundred_processes_take_turns},
        {"fault_40_what_is_no_regular_file_is_refused",
         fault_40_what_is_no_regular_file_is_refused},
        {"fault_39_a_missing_directory_is_named", fault_39_a_missing_directory_is_named},
        {NULL, NULL},
    };

    return unit_main("lock", cases, argc, argv);
}
