#include "starve.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned left;
static bool active, failed;

void starve_after(unsigned n)
{
    left = n;
    active = n > 0;
    failed = false;
}

bool starve_end(void)
{
    active = false;
    return failed;
}

static bool refuse(void)
{
    if (!active)
        return false;
    if (left > 1) {
        left--;
        return false;
    }
    failed = true;
    errno = ENOMEM;
    return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);
int __real_vasprintf(char **out, const char *fmt, va_list args)
    __attribute__((format(printf, 2, 0)));
int __wrap_vasprintf(char **out, const char *fmt, va_list args)
    __attribute__((format(printf, 2, 0)));
int __wrap___vasprintf_chk(char **out, int flag, const char *fmt, va_list args)
    __attribute__((format(printf, 3, 0)));
int __wrap_asprintf(char **out, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
int __wrap___asprintf_chk(char **out, int flag, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

void *__wrap_malloc(size_t size)
{
    return refuse() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return refuse() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return refuse() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
    return refuse() ? NULL : __real_strdup(text);
}

/* The fortified asprintf is __asprintf_chk where gcc compiles, and with some versions of
 * the C library's headers __vasprintf_chk where clang does. */
int __wrap_vasprintf(char **out, const char *fmt, va_list args)
{
    return refuse() ? -1 : __real_vasprintf(out, fmt, args);
}

int __wrap___vasprintf_chk(char **out, int flag, const char *fmt, va_list args)
{
    (void)flag;
    return __wrap_vasprintf(out, fmt, args);
}

int __wrap_asprintf(char **out, const char *fmt, ...)
{
    va_list args;
    int n;

    va_start(args, fmt);
    n = __wrap_vasprintf(out, fmt, args);
    va_end(args);
    return n;
}

int __wrap___asprintf_chk(char **out, int flag, const char *fmt, ...)
{
    va_list args;
    int n;

    (void)flag;
    va_start(args, fmt);
    n = __wrap_vasprintf(out, fmt, args);
    va_end(args);
    return n;
}
