/* A machine whose clock is wrong by OTHER_CLOCK_S seconds: preloaded. What measures spans
 * of time goes on as it is. */
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

#define SHOWN __attribute__((visibility("default")))

typedef int clock_function(clockid_t id, struct timespec *now);

SHOWN int clock_gettime(clockid_t id, struct timespec *now)
{
    static clock_function *real;
    const char *by = getenv("OTHER_CLOCK_S");
    int result;

    if (real == NULL)
        real = (clock_function *)dlsym(RTLD_NEXT, "clock_gettime");
    result = real(id, now);
    if (result == 0 && id == CLOCK_REALTIME && by != NULL)
        now->tv_sec += atol(by);
    return result;
}

SHOWN time_t time(time_t *out)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    if (out != NULL)
        *out = now.tv_sec;
    return now.tv_sec;
}

SHOWN int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    struct timespec now;

    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    out->tv_sec = now.tv_sec;
    out->tv_usec = now.tv_nsec / 1000;
    return 0;
}
