#include "view/signals.h"

#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

static volatile int stop; /* int is what sig_atomic_t is, and what ot_sync looks at */
static volatile sig_atomic_t reload;

static void ask_stop(int number)
{
    (void)number;
    stop = 1;
}

static void ask_reload(int number)
{
    (void)number;
    reload = 1;
}

static void catch_signal(int number, void (*handler)(int), int flags)
{
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_handler = handler;
    action.sa_flags = flags; /* no SA_RESTART: a wait ends */
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

static bool is_ignored(int number)
{
    struct sigaction action;

    return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

void ot_signals_install(void)
{
    /* A second Ctrl-C finds the default action: somebody is in a hurry. In the background
     * of a script, where it is meant for others, it is ignored from the start. */
    if (!is_ignored(SIGINT))
        catch_signal(SIGINT, ask_stop, (int)SA_RESETHAND);
    catch_signal(SIGTERM, ask_stop, (int)SA_RESETHAND);
    catch_signal(SIGPIPE, SIG_IGN, 0);
    /* Where whoever started us ignores it, how a child ended is kept for nobody. */
    catch_signal(SIGCHLD, SIG_DFL, 0);
}

void ot_signals_catch_reload(void)
{
    catch_signal(SIGHUP, ask_reload, 0);
}

const volatile int *ot_signals_stop(void)
{
    return &stop;
}

bool ot_signals_take_reload(void)
{
    bool asked = reload != 0;

    reload = 0;
    return asked;
}

/* The signals are let through only while it sleeps, so that none comes between the look
 * at what they ask for and the sleep. timeout NULL: for ever. */
static void sleep_for(struct pollfd *fds, nfds_t count, const struct timespec *timeout)
{
    sigset_t blocked, before;

    sigemptyset(&blocked);
    sigaddset(&blocked, SIGINT);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGHUP);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    if (!stop && !reload)
        ppoll(fds, count, timeout, &before);
    sigprocmask(SIG_SETMASK, &before, NULL);
}

void ot_signals_wait(int64_t timeout_ms)
{
    ot_signals_wait_for_any(NULL, 0, timeout_ms);
}

void ot_signals_wait_for_any(struct pollfd *fds, size_t count, int64_t timeout_ms)
{
    struct timespec timeout = {.tv_sec = (time_t)(timeout_ms / 1000),
                               .tv_nsec = (long)(timeout_ms % 1000) * 1000000};

    if (timeout_ms > 0)
        sleep_for(fds, count, &timeout);
}

bool ot_signals_wait_for_input(int fd)
{
    struct pollfd wanted = {.fd = fd, .events = POLLIN};

    sleep_for(&wanted, 1, NULL);
    return !stop && !reload;
}
