/* What confines a process: filters, containers, network namespaces. */
#include "base/confinement.h"

#include <errno.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "sandbox.h"
#include "unit.h"

/* What a child found; above these, what kept it from looking. */
enum { NO, YES, NOT_POSSIBLE = 77 };

static int in_child(int (*run)(void))
{
    pid_t pid;

    fflush(NULL);
    pid = fork();
    if (pid == 0)
        _exit(run());
    return child_status(pid);
}

static bool is_possible(int found)
{
    if (found == NOT_POSSIBLE)
        unit_skip("namespaces of its own (needs root)");
    return found != NOT_POSSIBLE;
}

/* A filter that lets everything through but one call that nobody makes. */
static bool filter(void)
{
    static const unsigned calls[] = {SYS_acct};

    return sandbox_enter(calls, 1, true);
}

static int may_kill(void)
{
    return ot_confinement_check(NULL) != OT_OK ? YES : NO;
}

static int filtered_may_kill(void)
{
    return filter() ? may_kill() : NOT_POSSIBLE;
}

static void *filter_this_thread(void *arg)
{
    *(int *)arg = filtered_may_kill();
    return NULL;
}

static int thread_may_kill(void)
{
    pthread_t thread;
    int found = NO;

    if (pthread_create(&thread, NULL, filter_this_thread, &found) != 0)
        return NOT_POSSIBLE;
    pthread_join(thread, NULL);
    return found == YES && may_kill() == NO ? YES : NO;
}

static void fault_75_a_filter_of_its_own_may_kill(void)
{
    if (!sandbox_is_possible()) {
        unit_skip("seccomp (sanitizer or valgrind)");
        return;
    }
    errno = EDOM;
    CU_ASSERT_EQUAL(may_kill(), NO);
    CU_ASSERT_EQUAL(errno, EDOM);
    CU_ASSERT_EQUAL(in_child(filtered_may_kill), YES);
    CU_ASSERT_EQUAL(in_child(thread_may_kill), YES); /* where it is, and only there */
}

/* A namespace of processes, whose first one runs this. */
static int in_container(int (*first)(void))
{
    pid_t pid;

    if (unshare(CLONE_NEWPID | CLONE_NEWNS) != 0)
        return NOT_POSSIBLE;
    pid = fork();
    if (pid == 0) {
        if (mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0 ||
            mount("proc", "/proc", "proc", 0, NULL) != 0)
            _exit(NOT_POSSIBLE);
        _exit(first());
    }
    return child_status(pid);
}

static int container_filters_all(void)
{
    if (!filter())
        return NOT_POSSIBLE;
    if (in_child(may_kill) != YES) /* the second process: in doubt */
        return 2;
    if (in_child(may_kill) != NO)
        return 3;
    return in_child(filtered_may_kill) == YES ? YES : 4;
}

static int container_filters_one(void)
{
    if (in_child(may_kill) != NO || in_child(may_kill) != NO)
        return 2;
    return in_child(filtered_may_kill) == YES ? YES : 3;
}

static int without_proc(void)
{
    if (mount("none", "/proc", "tmpfs", 0, NULL) != 0)
        return NOT_POSSIBLE;
    return may_kill() == YES && ot_confinement_has_route() ? YES : NO;
}

static int all_filtered(void)
{
    return in_container(container_filters_all);
}

static int one_filtered(void)
{
    return in_container(container_filters_one);
}

static int not_told(void)
{
    return in_container(without_proc);
}

static void fault_75_a_containers_filter_does_not(void)
{
    int found;

    if (!sandbox_is_possible()) {
        unit_skip("seccomp (sanitizer or valgrind)");
        return;
    }
    found = in_child(all_filtered);
    if (!is_possible(found))
        return;
    CU_ASSERT_EQUAL(found, YES);
    CU_ASSERT_EQUAL(in_child(one_filtered), YES);
    CU_ASSERT_EQUAL(in_child(not_told), YES);
}

static int has_route(void)
{
    return ot_confinement_has_route() ? YES : NO;
}

/* A new namespace has the loopback device, which is down. */
static int route_of_a_new_one(void)
{
    struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    int fd, found;

    if (unshare(CLONE_NEWNET) != 0)
        return NOT_POSSIBLE;
    found = has_route();
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo) != 0)
        return NOT_POSSIBLE;
    return found == NO && has_route() == NO ? NO : YES;
}

static const char *ipv4, *ipv6; /* what a /proc made for it says; NULL: nothing */

static int route_as_said(void)
{
    if (unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", "/proc", "tmpfs", 0, NULL) != 0 ||
        mkdir("/proc/thread-self", 0755) != 0 ||
        mkdir("/proc/thread-self/net", 0755) != 0)
        return NOT_POSSIBLE;
    if (ipv4 != NULL)
        file_put_text("/proc/thread-self/net/route", ipv4);
    if (ipv6 != NULL)
        file_put_text("/proc/thread-self/net/ipv6_route", ipv6);
    return has_route();
}

#define HEAD "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\n"
#define ZEROS "00000000000000000000000000000000"
#define REFUSES ZEROS " 00 " ZEROS " 00 " ZEROS " ffffffff 00000001 00000000 00200200 "

static void fault_75_what_counts_as_a_route(void)
{
    static const struct {
        const char *ipv4, *ipv6;
        int expected;
    } said[] = {
        {"", NULL, NO},
        {"", "", NO},
        {HEAD, REFUSES "      lo\n", NO},
        {HEAD "lo\t0000007F\t00000000\t0001\t0\t0\t0\t000000FF\t0\n", "", NO},
        {HEAD "*\t00000000\t00000000\t0200\t0\t0\t0\t00000000\t0\n", "", NO},
        {HEAD "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\n", "", YES},
        {HEAD "lo\t0000007F\t00000000\t0001\nlowpan0\t00000000\t010200C0\n", "", YES},
        {HEAD, REFUSES "      lo\n" REFUSES "    eth0\n", YES},
        {NULL, NULL, YES}, /* cannot be told */
    };

    for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
        int found;

        ipv4 = said[i].ipv4;
        ipv6 = said[i].ipv6;
        found = in_child(route_as_said);
        if (!is_possible(found))
            return;
        CU_ASSERT_EQUAL(found, said[i].expected);
    }
}

static void *look_from_a_thread(void *arg)
{
    if (unshare(CLONE_NEWNET) == 0)
        *(int *)arg = has_route();
    return NULL;
}

static int route_of_a_thread(void)
{
    int found = NOT_POSSIBLE;
    pthread_t thread;

    if (pthread_create(&thread, NULL, look_from_a_thread, &found) != 0)
        return NOT_POSSIBLE;
    pthread_join(thread, NULL);
    return found;
}

static void fault_75_without_a_route_there_is_no_network(void)
{
    int found = in_child(route_of_a_new_one);

    if (!is_possible(found))
        return;
    CU_ASSERT_EQUAL(found, NO);
    CU_ASSERT_EQUAL(in_child(route_of_a_thread), NO);
}

/* clang-format 14 and 19 disagree on the macro of an initializer. */
/* clang-format off */
#define CASE(name) {#name, name}
/* clang-format on */

int main(int argc, char **argv)
{
    static const struct unit_case cases[] = {
        CASE(fault_75_a_filter_of_its_own_may_kill),
        CASE(fault_75_a_containers_filter_does_not),
        CASE(fault_75_what_counts_as_a_route),
        CASE(fault_75_without_a_route_there_is_no_network),
        {NULL, NULL}};

    return unit_main("confinement", cases, argc, argv);
}
