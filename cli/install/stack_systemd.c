/* systemd: orgtrust.service, which keeps the snapshots fresh. It is enabled by the link
 * that `systemctl enable` would make, so that taking it back leaves nothing, and started
 * by systemctl. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "install/stack_internal.h"
#include "install/tool.h"
#include "view/output.h"

#define SERVICE "orgtrust.service"
#define TIMER "orgtrust-sync.timer"
#define WANTS "/etc/systemd/system/multi-user.target.wants/"
#define TIMER_WANTS "/etc/systemd/system/timers.target.wants/"

static bool is_there(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}

static enum ot_status plan_systemd(struct ot_stack_plan *plan,
                                   const struct ot_install_env *env, struct ot_error *err)
{
    enum ot_status status;

    if (!env->is_root)
        return ot_error_set(err, OT_E_NOT_FOUND,
                            "the service is the machine's: as root; a user's programs "
                            "sync by themselves when they find the snapshot stale");
    if (!is_there("/run/systemd/system"))
        return ot_error_set(err, OT_E_NOT_FOUND,
                            "systemd does not run here; run orgtrust watch, or orgtrust "
                            "sync from time to time, by what does");
    status = ot_install_need(ORGTRUST_UNIT_DIR "/" SERVICE, err);
    if (status != OT_OK)
        return status;
    if (is_there(WANTS SERVICE))
        return OT_OK;
    if (is_there(TIMER_WANTS TIMER)) {
        ot_stack_plan_note(plan, TIMER " is enabled and does the same");
        return OT_OK;
    }
    return ot_stack_plan_link(plan, WANTS SERVICE, ORGTRUST_UNIT_DIR "/" SERVICE, err);
}

static enum ot_status finish_systemd(struct ot_stack_plan *plan,
                                     const struct ot_install_env *env, bool is_installed,
                                     struct ot_error *err)
{
    const char *const reload[] = {"systemctl", "daemon-reload", NULL};
    const char *const start[] = {"systemctl", "start", "--no-block", SERVICE, NULL};
    const char *const stop[] = {"systemctl", "stop", SERVICE, NULL};
    enum ot_status status;

    (void)plan;
    (void)env;
    if (!is_there("/run/systemd/system")) /* no longer */
        return OT_OK;
    status = ot_tool_run(reload, NULL, err);
    return status == OT_OK ? ot_tool_run(is_installed ? start : stop, NULL, err) : status;
}

void ot_stack_tell_service(const struct ot_install_env *env)
{
    const char *const reload[] = {"systemctl", "try-reload-or-restart", "--no-block",
                                  SERVICE, NULL};
    struct ot_error why = OT_ERROR_INIT;

    if (!env->is_root || !is_there("/run/systemd/system") || !is_there(WANTS SERVICE))
        return;
    if (ot_tool_run(reload, NULL, &why) != OT_OK)
        ot_output_warn(SERVICE " was not told: %s; it sees the change within ten seconds",
                       why.message);
}

const struct ot_stack ot_stack_systemd = {
    .name = "systemd",
    .summary = "a service that keeps the snapshots fresh",
    .plan = plan_systemd,
    .finish = finish_systemd,
};
