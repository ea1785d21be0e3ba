#include "doctor/check_internal.h"
#include "doctor/finding_internal.h"
#include "doctor/trial_internal.h"
#include "install/wiring.h"

void ot_finding_of_refusal(struct ot_doctor *doctor, const char *part,
                           const struct ot_wiring *wiring)
{
    struct ot_findings *findings = &doctor->findings;

    if (wiring->kind == OT_NOT_HERE)
        ot_finding_add(findings, part, OT_VERDICT_ABSENT, NULL, NULL, "%s",
                       wiring->why.message);
    else if (wiring->was_installed)
        ot_finding_add_error(findings, part, OT_VERDICT_FAILS, NULL,
                             "it was wired, but: ", &wiring->why);
    else
        ot_finding_add_error(findings, part, OT_VERDICT_NOT_WIRED, NULL, "",
                             &wiring->why);
}

static struct ot_finding *add_by_outcome(struct ot_doctor *doctor,
                                         const struct ot_wired_trials *of,
                                         const struct ot_three_trials *trials)
{
    struct ot_findings *findings = &doctor->findings;
    const char *hint = of->why_else != NULL ? of->why_else : "";

    switch (ot_trials_outcome_of(trials)) {
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
            trials->each[0] == OT_TRIAL_BELIEVED ? "never activated" : "deactivated");
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

enum ot_status ot_doctor_ask_system(struct ot_doctor *doctor, bool *holds,
                                    struct ot_error *err)
{
    struct ot_findings kept = doctor->findings;
    enum ot_verdict verdict = ot_findings_verdict(&kept, ot_check_system.name);
    enum ot_status status = OT_OK;

    if (verdict == OT_VERDICT_ABSENT) {
        doctor->findings = (struct ot_findings){.items = NULL};
        status = ot_check_system.run(doctor, err);
        verdict = ot_findings_verdict(&doctor->findings, ot_check_system.name);
        ot_findings_clear(&doctor->findings);
        doctor->findings = kept;
    }
    *holds = verdict == OT_VERDICT_PROVED;
    return status;
}
