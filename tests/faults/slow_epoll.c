/* Preloaded: the first thread pauses before it takes a descriptor out of an epoll set, as
 * it would if it lost the processor there. What other threads do meanwhile is seen always
 * instead of once in thousands of stops. */
#include <dlfcn.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

__attribute__((visibility("default"))) int epoll_ctl(int set, int op, int fd,
                                                     struct epoll_event *event)
{
    static const struct timespec pause = {0, 5000000};
    int (*next)(int, int, int, struct epoll_event *);
    void *found = dlsym(RTLD_NEXT, "epoll_ctl");

    memcpy(&next, &found, sizeof(next));
    if (op == EPOLL_CTL_DEL && gettid() == getpid())
        nanosleep(&pause, NULL);
    return next(set, op, fd, event);
}
