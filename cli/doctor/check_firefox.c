/* Firefox: whether a policy or a profile makes it load the module. It is not started: a
 * browser takes what it likes of its user's files, and seconds. */
#include "doctor/check.h"
#include "install/nss_module.h"

#define PART "firefox"

/* Whether it is the order alone that a profile lacks. */
static bool is_too_early(const struct ot_stack_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        if (ot_nss_wiring_of(&plan->edits[i].before) == OT_NSS_TOO_EARLY)
            return true;
    return false;
}

static void add_unwired(struct ot_doctor *doctor, const struct ot_stack_plan *plan)
{
    static const char fix[] = "orgtrust install firefox";

    if (is_too_early(plan))
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_FAILS, NULL, fix,
                       "a profile loads the module without its order, so that it "
                       "overrules what the user and Mozilla distrust");
    else
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_NOT_WIRED, NULL, fix,
                       "neither a policy nor a profile makes it load the module");
}

static void add(struct ot_doctor *doctor, enum ot_wiring wiring,
                const struct ot_stack_plan *plan)
{
    struct ot_findings *findings = &doctor->findings;

    switch (wiring) {
    case OT_WIRED:
        ot_finding_add(findings, PART, OT_VERDICT_NOT_PROVED, NULL,
                       "look in Firefox: about:policies, or Settings, Security Devices",
                       "told to load the module; Firefox itself was not started, so no "
                       "handshake of it was tried");
        if (doctor->env.is_root)
            ot_finding_add(findings, PART, OT_VERDICT_NOTE, NULL, NULL, "%s",
                           OT_FIREFOX_POLICY_MEANS);
        break;
    case OT_NOT_WIRED:
        add_unwired(doctor, plan);
        break;
    case OT_IN_THE_WAY:
    case OT_NOT_HERE:
        ot_finding_of_refusal(doctor, &ot_stack_firefox, wiring, plan);
        break;
    }
}

static enum ot_status run(struct ot_doctor *doctor, struct ot_error *err)
{
    struct ot_stack_plan plan;
    enum ot_wiring wiring = ot_wiring_of(&plan, &ot_stack_firefox, &doctor->env);

    (void)err;
    add(doctor, wiring, &plan);
    ot_stack_plan_clear(&plan);
    return OT_OK;
}

const struct ot_check ot_check_firefox = {PART, "Firefox's policies or profiles", run};
