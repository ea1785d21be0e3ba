/* Services that are held in: what each sees of what orgtrust keeps, and what to do. */
#include "base/error.h"
#include "doctor/check_internal.h"
#include "doctor/confined_internal.h"
#include "doctor/finding_internal.h"
#include "doctor/fix_internal.h"
#include "export/export.h"
#include "install/env.h"
#include "install/wiring.h"

#include <stdlib.h>

/* What it confines has no list; whether the labels are there is for all of it. */
static void look_at_selinux(struct ot_doctor *doctor)
{
    struct ot_install_env env = doctor->env;
    struct ot_wiring wiring;

    env.is_root = true; /* the policy is the machine's, and any user can look */
    ot_wiring_look(&wiring, "selinux", &env);
    if (wiring.kind == OT_WIRED)
        ot_finding_add(&doctor->findings, OT_CONFINED_PART, OT_VERDICT_NOTE, "SELinux",
                       NULL,
                       "its module for orgtrust was loaded: confined programs may read "
                       "snapshots and exports as they may certificates");
    else if (wiring.kind != OT_NOT_HERE)
        ot_finding_add(&doctor->findings, OT_CONFINED_PART, OT_VERDICT_NOT_WIRED,
                       "SELinux", OT_FIX_AS_ROOT(doctor, "orgtrust install selinux"),
                       "confined programs may not read what orgtrust keeps%s%s",
                       wiring.kind == OT_NOT_WIRED ? "" : ": ",
                       wiring.kind == OT_NOT_WIRED ? "" : wiring.why.message);
}

static enum ot_status check_confined(struct ot_doctor *doctor, struct ot_error *err)
{
    const size_t before = doctor->findings.count;
    struct ot_confined confined = {.doctor = doctor};
    struct ot_exports *exports = NULL;
    enum ot_status status = ot_doctor_ask_system(doctor, &confined.system_holds, err);

    if (status != OT_OK)
        return status;
    /* What is wrong with them the check of the exports says. */
    if (ot_exports_new(&exports, doctor->config, NULL) != OT_OK)
        exports = NULL;
    confined.exports = exports;
    ot_confined_look_at_units(&confined);
    ot_confined_look_at_postfix(&confined);
    ot_confined_look_at_haproxy(&confined);
    ot_confined_look_at_apparmor(&confined);
    look_at_selinux(doctor);
    free(exports);
    if (doctor->findings.count == before)
        ot_finding_add(&doctor->findings, OT_CONFINED_PART, OT_VERDICT_ABSENT, NULL, NULL,
                       "no service here has a root of its own, and nothing that programs "
                       "read is hidden from one");
    return OT_OK;
}

const struct ot_check ot_check_confined = {OT_CONFINED_PART,
                                           "services that are held in, and what they see",
                                           check_confined, true};
