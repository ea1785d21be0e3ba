#include "strike.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

static _Thread_local struct {
    bool is_armed, once;
    const char *only;
    size_t at, count;
    int errnum;
} plan;

static bool is_meant(const char *call)
{
    bool is_memory = strstr(call, "alloc") != NULL || strstr(call, "dup") != NULL;

    if (strcmp(plan.only, STRIKE_FILES) == 0 || strcmp(plan.only, STRIKE_MEMORY) == 0)
        return is_memory == (strcmp(plan.only, STRIKE_MEMORY) == 0);
    return strcmp(plan.only, call) == 0;
}

bool strikes(const char *call)
{
    size_t now;

    if (!plan.is_armed || !is_meant(call))
        return false;
    now = plan.count++;
    if (plan.once ? now != plan.at : now < plan.at)
        return false;
    if (plan.errnum == 0)
        kill(getpid(), SIGSTOP);
    errno = plan.errnum;
    return true;
}

void strike_arm(const char *only, size_t at, int errnum, bool once)
{
    plan.only = only;
    plan.at = at;
    plan.errnum = errnum;
    plan.once = once;
    plan.count = 0;
    plan.is_armed = true;
}

size_t strike_disarm(void)
{
    plan.is_armed = false;
    return plan.count;
}

bool strike_survives(pid_t child)
{
    int status = -1;

    CU_ASSERT_EQUAL(waitpid(child, &status, WUNTRACED), child);
    CU_ASSERT(status == 0 || WIFSTOPPED(status));
    if (!WIFSTOPPED(status))
        return true;
    kill(child, SIGKILL);
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    return false;
}
