/* A seccomp filter for a forked test: what it does not list fails with EPERM. */
#ifndef OT_TESTS_SANDBOX_H
#define OT_TESTS_SANDBOX_H

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "child.h"

/* Sanitizers and valgrind make system calls of their own behind the program's back. */
static inline bool sandbox_is_possible(void)
{
    return !child_has_sanitizer() && !child_is_under_valgrind();
}

/* Lets only calls[0..count) through, or, with deny, all but these. */
static inline bool sandbox_enter(const unsigned *calls, size_t count, bool deny)
{
    const unsigned refuse = SECCOMP_RET_ERRNO | EPERM;
    struct sock_filter filter[64];
    struct sock_fprog program = {.filter = filter};
    size_t n = 0, i;

    if (count > 60)
        return false;
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                               offsetof(struct seccomp_data, nr));
    for (i = 0; i < count; i++) /* on a match jump over the rest to the last one */
        filter[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i],
                                                   (unsigned char)(count - i), 0);
    filter[n++] =
        (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, deny ? SECCOMP_RET_ALLOW : refuse);
    filter[n++] =
        (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, deny ? refuse : SECCOMP_RET_ALLOW);
    program.len = (unsigned short)n;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

#endif
