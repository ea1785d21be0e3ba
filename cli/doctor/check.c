#include "doctor/check.h"

#include <stdio.h>

#include "install/manifest.h"
#include "install/transaction.h"

enum ot_wiring ot_wiring_of(struct ot_stack_plan *plan, const struct ot_stack *stack,
                            const struct ot_install_env *env)
{
    ot_install_plan(plan, stack, env);
    switch (plan->kind) {
    case OT_PLAN_READY:
        return ot_stack_plan_changes(plan) == 0 && !plan->is_unfinished ? OT_WIRED
                                                                        : OT_NOT_WIRED;
    case OT_PLAN_REFUSED:
        return OT_IN_THE_WAY;
    case OT_PLAN_ABSENT:
        break;
    }
    return OT_NOT_HERE;
}

static bool was_installed(const struct ot_doctor *doctor, const struct ot_stack *stack)
{
    struct ot_manifest manifest = {.entries = NULL};
    bool found = false;

    if (ot_manifest_load(&manifest, &found, doctor->env.state_dir, stack->name, NULL) !=
        OT_OK)
        found = false;
    ot_manifest_clear(&manifest);
    return found;
}

void ot_finding_of_refusal(struct ot_doctor *doctor, const struct ot_stack *stack,
                           enum ot_wiring wiring, const struct ot_stack_plan *plan)
{
    if (wiring == OT_NOT_HERE)
        ot_finding_add(&doctor->findings, stack->name, OT_VERDICT_ABSENT, NULL, NULL,
                       "%s", plan->why.message);
    else if (was_installed(doctor, stack))
        ot_finding_add(&doctor->findings, stack->name, OT_VERDICT_FAILS, NULL, NULL,
                       "it was wired, but: %s", plan->why.message);
    else
        ot_finding_add(&doctor->findings, stack->name, OT_VERDICT_NOT_WIRED, NULL, NULL,
                       "%s", plan->why.message);
}

static struct ot_finding *add_by_outcome(struct ot_doctor *doctor,
                                         const struct ot_wired_trials *of,
                                         const struct ot_three_trials *trials)
{
    struct ot_findings *findings = &doctor->findings;
    const char *hint = of->why_else != NULL ? of->why_else : "";

    switch (ot_trials_judge(trials)) {
    case OT_TRIALS_PROVED:
        return ot_finding_add(findings, of->part, OT_VERDICT_PROVED, of->subject, NULL,
                              "%s believed a server while its authority was active, and "
                              "neither before nor after",
                              of->what);
    case OT_TRIALS_ALWAYS:
        return ot_finding_add(
            findings, of->part, OT_VERDICT_FAILS, of->subject, NULL,
            "%s believed a server whose authority was %s: what it trusts is not what the "
            "organization says",
            of->what,
            trials->before == OT_TRIAL_BELIEVED ? "never activated" : "deactivated");
    case OT_TRIALS_UNCLEAR:
        return ot_finding_add(findings, of->part, OT_VERDICT_NOT_PROVED, of->subject,
                              NULL,
                              "%s believed a server while its authority was active; that "
                              "it refuses it otherwise was not seen (%s)",
                              of->what, trials->words);
    case OT_TRIALS_NEVER:
        break;
    }
    if (!of->is_wired)
        return ot_finding_add(findings, of->part, OT_VERDICT_NOT_WIRED, of->subject,
                              of->fix, "it does not ask orgtrust");
    return ot_finding_add(findings, of->part, OT_VERDICT_FAILS, of->subject, NULL,
                          "wired, but %s did not believe a server whose authority was "
                          "active: %s%s",
                          of->what, trials->words, hint);
}

void ot_finding_of_trials(struct ot_doctor *doctor, const struct ot_wired_trials *of,
                          const struct ot_three_trials *trials)
{
    struct ot_finding *finding = add_by_outcome(doctor, of, trials);

    if (finding != NULL)
        finding->trials = *trials;
}
