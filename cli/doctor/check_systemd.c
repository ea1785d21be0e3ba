/* systemd: whether the service that is enabled runs. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "doctor/check_internal.h"
#include "doctor/finding_internal.h"
#include "doctor/fix_internal.h"
#include "doctor/trial_internal.h"
#include "install/env.h"
#include "install/wiring.h"

#define PART "systemd"
#define SERVICE "orgtrust.service"
#define TIMER "orgtrust-sync.timer"

/* *state: the first word that systemctl says of a unit. */
static enum ot_status ask_systemctl(struct ot_doctor *doctor, const char *unit,
                                    bool *is_active, char *state, size_t size,
                                    struct ot_error *err)
{
    const char *const argv[] = {"systemctl", "is-active", unit, NULL};
    int exit_status;
    enum ot_status status =
        ot_bench_run(&doctor->bench, argv, NULL, state, size, &exit_status, err);

    state[strcspn(state, "\n")] = '\0';
    *is_active = exit_status == 0;
    return status;
}

static enum ot_status check_enabled_units(struct ot_doctor *doctor, struct ot_error *err)
{
    char service[256], timer[256];
    bool runs = false, ticks = false;
    enum ot_status status =
        ask_systemctl(doctor, SERVICE, &runs, service, sizeof(service), err);

    if (status == OT_OK && !runs)
        status = ask_systemctl(doctor, TIMER, &ticks, timer, sizeof(timer), err);
    if (status != OT_OK)
        return status;
    if (runs || ticks)
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_PROVED, NULL, NULL,
                       "%s is enabled and active", runs ? SERVICE : TIMER);
    else
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_FAILS, NULL,
                       OT_FIX_AS_ROOT(doctor, "systemctl restart " SERVICE),
                       "enabled, but systemctl calls it %s: nothing keeps the snapshots "
                       "fresh; systemctl status " SERVICE " says why",
                       service);
    return OT_OK;
}

static enum ot_status check_systemd(struct ot_doctor *doctor, struct ot_error *err)
{
    struct ot_install_env env = doctor->env;
    struct ot_wiring wiring;
    enum ot_status status = OT_OK;

    env.is_root = true; /* the service is the machine's, and any user can look */
    ot_wiring_look(&wiring, PART, &env);
    if (wiring.kind == OT_WIRED)
        status = check_enabled_units(doctor, err);
    else if (wiring.kind == OT_NOT_WIRED)
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_NOT_WIRED, NULL,
                       OT_FIX_AS_ROOT(doctor, "orgtrust install systemd"),
                       "no service keeps the snapshots fresh");
    else
        ot_finding_of_refusal(doctor, PART, &wiring);
    return status;
}

const struct ot_check ot_check_systemd = {PART, "the service or the timer", check_systemd,
                                          false};
