/* Seccomp filters for a forked test. */
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

/* A call of calls[0..count) has the one outcome (SECCOMP_RET_…), any other the other. */
static inline bool sandbox_filter(const unsigned *calls, size_t count, unsigned listed,
                                  unsigned other)
{
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
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, other);
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, listed);
    program.len = (unsigned short)n;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* Lets only calls[0..count) through, or, with deny, all but these; the rest is EPERM. */
static inline bool sandbox_enter(const unsigned *calls, size_t count, bool deny)
{
    const unsigned refuse = SECCOMP_RET_ERRNO | EPERM;

    return sandbox_filter(calls, count, deny ? refuse : SECCOMP_RET_ALLOW,
                          deny ? SECCOMP_RET_ALLOW : refuse);
}

/* From now on a call that reading does not need ends the process by SIGSYS: starting
 * programs and what belongs to it, sockets, questions about the process and its files
 * that hosts which confine themselves have not heard of. */
static inline bool sandbox_kill(void)
{
    static const unsigned calls[] = {
#ifdef SYS_fork
        SYS_fork,      SYS_vfork,
#endif
        SYS_clone,     SYS_clone3,     SYS_execve,         SYS_execveat,
        SYS_prctl,     SYS_seccomp,    SYS_socket,         SYS_socketpair,
        SYS_connect,   SYS_sendto,     SYS_sendmsg,        SYS_pipe2,
        SYS_fcntl,     SYS_faccessat,  SYS_faccessat2,     SYS_prlimit64,
        SYS_wait4,     SYS_waitid,     SYS_kill,           SYS_tgkill,
        SYS_ppoll,     SYS_getrandom,  SYS_memfd_create,   SYS_pidfd_open,
        SYS_statx,     SYS_umask,      SYS_rt_sigprocmask, SYS_clock_nanosleep,
        SYS_nanosleep, SYS_readlinkat, SYS_getdents64,
#ifdef SYS_poll
        SYS_poll,      SYS_access,     SYS_readlink,       SYS_pipe,
#endif
    };

    return sandbox_filter(calls, sizeof(calls) / sizeof(calls[0]),
                          SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_ALLOW);
}

#endif
