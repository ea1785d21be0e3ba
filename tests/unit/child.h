/* Children that a test forks. */
#ifndef OT_TESTS_CHILD_H
#define OT_TESTS_CHILD_H

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

/* Ends a child with status 0 or 1. By exec, so that no leak checker looks at it: what the
 * threads held that a fork left behind is not a leak. */
static inline void child_leave(bool good)
{
    const char *program = good ? "/bin/true" : "/bin/false";

    execl(program, program, (char *)NULL);
    _exit(2);
}

/* Waits for a child: its exit status, 256 and the signal, or -1 when there is none. */
static inline int child_status(pid_t child)
{
    int status = 0;

    if (child < 0 || waitpid(child, &status, 0) != child)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

static volatile sig_atomic_t child_signals;

static inline void child_on_signal(int signal_number)
{
    (void)signal_number;
    child_signals++;
}

/* From here to child_unseen_end the process is told of no child, nor has one left. */
static inline void child_unseen_begin(struct sigaction *before)
{
    const struct sigaction action = {.sa_handler = child_on_signal};

    child_signals = 0;
    CU_ASSERT_EQUAL(sigaction(SIGCHLD, &action, before), 0);
}

static inline void child_unseen_end(const struct sigaction *before)
{
    CU_ASSERT_EQUAL(waitpid(-1, NULL, WNOHANG), -1);
    CU_ASSERT_EQUAL(errno, ECHILD);
    CU_ASSERT_EQUAL(waitpid(-1, NULL, (int)(__WALL | WNOHANG)), -1);
    CU_ASSERT_EQUAL(errno, ECHILD);
    usleep(20000);
    CU_ASSERT_EQUAL(child_signals, 0);
    CU_ASSERT_EQUAL(sigaction(SIGCHLD, before, NULL), 0);
}

static inline bool child_is_under_valgrind(void)
{
    const char *preload = getenv("LD_PRELOAD");

    return preload != NULL && strstr(preload, "vgpreload") != NULL;
}

/* The sanitizers' runtimes make system calls of their own, and their allocators (gcc 12,
 * clang 14) are not made ready for a fork, as libc's is: the child of a process whose
 * threads allocate may wait forever in its first malloc. */
static inline bool child_has_sanitizer(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    return true;
#endif
#endif
    return false;
}

/* Whether a child may allocate that is forked while other threads do. */
static inline bool child_of_threads_is_possible(void)
{
    if (child_has_sanitizer())
        unit_skip("a fork among threads (not survived by the sanitizer's allocator)");
    return !child_has_sanitizer();
}

#endif
