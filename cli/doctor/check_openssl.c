/* OpenSSL: the machine's openssl.cnf, tried with the openssl program. */
#include "base/error.h"
#include "doctor/check_internal.h"
#include "doctor/clients_internal.h"
#include "doctor/finding_internal.h"
#include "doctor/fix_internal.h"
#include "doctor/tokens_internal.h"
#include "doctor/trial_internal.h"
#include "install/env.h"
#include "install/tool.h"
#include "install/wiring.h"

#define PART "openssl"

static enum ot_status try_s_client(struct ot_doctor *doctor, bool is_wired,
                                   struct ot_error *err)
{
    const struct ot_wired_trials of = {
        .part = PART,
        .what = "openssl s_client -CAstore orgtrust:///",
        .is_wired = is_wired,
        .fix = OT_FIX_AS_ROOT(doctor, "orgtrust install openssl"),
        .why_else = "; openssl list -providers shows what openssl.cnf activates",
    };
    struct ot_three_trials trials;
    enum ot_status status =
        ot_client_openssl(&doctor->bench, OT_TRIALS_FOLLOW, &trials, err);
    if (status == OT_OK)
        ot_finding_of_trials(doctor, &of, &trials);
    return status;
}

static enum ot_status check_openssl(struct ot_doctor *doctor, struct ot_error *err)
{
    /* The file is the machine's, and any user can look. */
    struct ot_install_env env = doctor->env;
    struct ot_wiring wiring;
    enum ot_status status = OT_OK;

    env.is_root = true;
    ot_wiring_look(&wiring, PART, &env);
    if (wiring.kind == OT_NOT_HERE || wiring.kind == OT_IN_THE_WAY)
        ot_finding_of_refusal(doctor, PART, &wiring);
    else if (ot_tool_exists("openssl"))
        status = try_s_client(doctor, wiring.kind == OT_WIRED, err);
    else if (wiring.kind == OT_WIRED)
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_NOT_PROVED, NULL,
                       OT_FIX_PACKAGE(doctor, "openssl"),
                       "openssl.cnf activates the provider; there is no openssl program "
                       "(package openssl) to try it with");
    else
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_NOT_WIRED, NULL,
                       OT_FIX_AS_ROOT(doctor, "orgtrust install openssl"),
                       "openssl.cnf does not activate the provider");
    if (status == OT_OK && wiring.kind == OT_WIRED)
        status = ot_tokens_try(doctor, PART, OT_TOKEN_OPENSSL, NULL, err);
    return status;
}

const struct ot_check ot_check_openssl = {PART, "the machine's openssl.cnf",
                                          check_openssl, false};
