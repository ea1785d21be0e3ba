/* Programs that run with more rights than their user. */
#ifndef OT_TESTS_SETUID_H
#define OT_TESTS_SETUID_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

/* Whether there can be any here; says so if not. */
static inline bool setuid_is_possible(void)
{
    if (geteuid() == 0)
        return true;
    unit_skip("setuid hosts (needs root)");
    return false;
}

/* A copy of a program that anybody runs as this user. */
static inline bool setuid_copy(const char *from, const char *to)
{
    char bytes[65536];
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
    ssize_t n = 0;
    bool done = in >= 0 && out >= 0;

    while (done && (n = read(in, bytes, sizeof(bytes))) > 0)
        done = write(out, bytes, (size_t)n) == n;
    done = done && n == 0 && fchmod(out, 04755) == 0;
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    return done;
}

#endif
