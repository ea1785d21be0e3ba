/* Firefox: whether a policy or a profile makes it load the module. It is not started: a
 * browser takes what it likes of its user's files, and seconds. */
#include "base/error.h"
#include "doctor/check_internal.h"
#include "doctor/finding_internal.h"
#include "install/nss_list.h"
#include "install/wiring.h"

#define PART "firefox"

static void add_unwired(struct ot_doctor *doctor, const struct ot_wiring *wiring)
{
    static const char fix[] = "orgtrust install firefox";

    if (wiring->is_too_early)
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_FAILS, NULL, fix,
                       "a profile loads the module without its order, so that it "
                       "overrules what the user and Mozilla distrust");
    else
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_NOT_WIRED, NULL, fix,
                       "neither a policy nor a profile makes it load the module");
}

static void add_firefox_finding(struct ot_doctor *doctor, const struct ot_wiring *wiring)
{
    struct ot_findings *findings = &doctor->findings;

    switch (wiring->kind) {
    case OT_WIRED:
        ot_finding_add(findings, PART, OT_VERDICT_NOT_PROVED, NULL, NULL,
                       "told to load the module; Firefox itself was not started, so no "
                       "handshake of it was tried: its about:policies, or Settings, "
                       "Security Devices, shows it");
        if (doctor->env.is_root)
            ot_finding_add(findings, PART, OT_VERDICT_NOTE, NULL, NULL, "%s",
                           OT_FIREFOX_POLICY_MEANS);
        break;
    case OT_NOT_WIRED:
        add_unwired(doctor, wiring);
        break;
    case OT_IN_THE_WAY:
    case OT_NOT_HERE:
        ot_finding_of_refusal(doctor, PART, wiring);
        break;
    }
}

static enum ot_status check_firefox(struct ot_doctor *doctor, struct ot_error *err)
{
    struct ot_wiring wiring;

    (void)err;
    ot_wiring_look(&wiring, PART, &doctor->env);
    add_firefox_finding(doctor, &wiring);
    return OT_OK;
}

const struct ot_check ot_check_firefox = {PART, "Firefox's policies or profiles",
                                          check_firefox};
