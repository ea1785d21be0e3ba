/* Preloaded: the wall clock is ahead by as many seconds as CLOCK_AHEAD says, for what
 * only happens once a day; or as the file says whose path stands there, once it is there,
 * as a clock does that is set while a program runs. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long seconds_ahead(void)
{
    const char *text = getenv("CLOCK_AHEAD");
    char said[32] = "";
    int fd;

    if (text == NULL || text[0] != '/')
        return text != NULL ? strtol(text, NULL, 10) : 0;
    fd = open(text, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    if (read(fd, said, sizeof(said) - 1) < 0)
        said[0] = '\0';
    close(fd);
    return strtol(said, NULL, 10);
}

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock,
                                                         struct timespec *now)
{
    int result = (int)syscall(SYS_clock_gettime, clock, now);

    if (result == 0 && clock == CLOCK_REALTIME)
        now->tv_sec += seconds_ahead();
    return result;
}

__attribute__((visibility("default"))) time_t time(time_t *out)
{
    struct timespec now = {.tv_sec = 0};

    clock_gettime(CLOCK_REALTIME, &now);
    if (out != NULL)
        *out = now.tv_sec;
    return now.tv_sec;
}
