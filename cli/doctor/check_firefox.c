/* Firefox: whether a policy or a profile makes it load the module. It is not started: a
 * browser takes what it likes of its user's files, and seconds. */
#include "base/error.h"
#include "doctor/check_internal.h"
#include "doctor/finding_internal.h"
#include "doctor/fix_internal.h"
#include "doctor/sandboxed_internal.h"
#include "install/firefox.h"
#include "install/tool.h"
#include "install/wiring.h"

#define PART "firefox"

static void add_unwired(struct ot_doctor *doctor, const struct ot_wiring *wiring)
{
    static const char fix[] = "orgtrust install firefox";

    if (wiring->is_too_early)
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_FAILS, NULL, fix,
                       "a profile loads the module without its order, so that it "
                       "overrules what the user and Mozilla distrust");
    else if (wiring->lacks_distrust)
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_FAILS, NULL, fix,
                       "what is distrusted is still trusted by a profile where its user "
                       "or Mozilla trusts it: it does not load "
                       "orgtrust-distrust-pkcs11.so, which is asked before them");
    else
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_NOT_WIRED, NULL, fix,
                       doctor->env.is_root
                           ? "neither a policy nor users' logins make it load the module"
                           : "neither a policy nor a profile makes it load the module");
}

static void add_wired(struct ot_doctor *doctor, const char *how)
{
    ot_finding_add(&doctor->findings, PART, OT_VERDICT_NOT_PROVED, NULL, NULL,
                   "told to load the module%s; Firefox itself was not started, so no "
                   "handshake of it was tried: its about:policies, or Settings, "
                   "Security Devices, shows it",
                   how);
}

/* For the machine: by a policy, or at users' logins. */
static void add_machine_finding(struct ot_doctor *doctor, const struct ot_wiring *wiring)
{
    if (ot_firefox_policy_has_module()) {
        add_wired(doctor, " by a policy");
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_NOTE, NULL, NULL,
                       OT_FIREFOX_POLICY_MEANS
                       "; orgtrust uninstall firefox firefox-policy, then orgtrust "
                       "install firefox, have logins see to it in the policy's place");
    } else if (wiring->kind != OT_WIRED) {
        add_unwired(doctor, wiring);
    } else if (!ot_tool_exists("modutil")) {
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_FAILS, NULL,
                       OT_FIX_PACKAGE(doctor, "libnss3-tools"), OT_FIREFOX_WANTS_MODUTIL);
    } else {
        add_wired(doctor, " in each user's profiles, at that user's login");
    }
}

static void add_firefox_finding(struct ot_doctor *doctor, const struct ot_wiring *wiring)
{
    switch (wiring->kind) {
    case OT_WIRED:
    case OT_NOT_WIRED:
        if (doctor->env.is_root)
            add_machine_finding(doctor, wiring);
        else if (wiring->kind == OT_WIRED)
            add_wired(doctor, "");
        else
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
    if (!ot_sandboxed_look(doctor, PART) || ot_firefox_is_here())
        add_firefox_finding(doctor, &wiring);
    return OT_OK;
}

const struct ot_check ot_check_firefox = {PART, "Firefox's policies or profiles",
                                          check_firefox, false};
