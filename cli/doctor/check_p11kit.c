/* p11-kit: its module files, tried with GnuTLS's program; without that, what p11-kit's
 * own program lists. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "doctor/check_internal.h"
#include "doctor/clients_internal.h"
#include "doctor/finding_internal.h"
#include "doctor/fix_internal.h"
#include "doctor/scratch_internal.h"
#include "doctor/tokens_internal.h"
#include "doctor/trial_internal.h"
#include "install/tool.h"
#include "install/wiring.h"

#define PART "p11-kit"
#define LIST_BYTES ((size_t)8 << 20) /* 190 bytes an anchor, and ours come last */

static const char fix[] = "orgtrust install p11-kit";

static enum ot_status try_gnutls(struct ot_doctor *doctor, bool is_wired,
                                 struct ot_error *err)
{
    const struct ot_wired_trials of = {
        .part = PART,
        .what = "gnutls-cli --x509cafile pkcs11:token=orgtrust",
        .is_wired = is_wired,
        .fix = fix,
        .why_else = "; p11-kit list-modules shows what p11-kit loads",
    };
    struct ot_three_trials trials;
    enum ot_status status =
        ot_client_gnutls(&doctor->bench, OT_TRIALS_FOLLOW, &trials, err);

    if (status == OT_OK)
        ot_finding_of_trials(doctor, &of, &trials);
    return status;
}

/* *is_listed: whether trust lists the authority of the scratch source. */
static enum ot_status look_in_trust_list(struct ot_doctor *doctor, bool is_active,
                                         bool *is_listed, struct ot_error *err)
{
    static const char *const argv[] = {"trust", "list", "--filter=ca-anchors", NULL};
    struct ot_bench *bench = &doctor->bench;
    char *text = malloc(LIST_BYTES);
    int exit_status;
    enum ot_status status =
        text == NULL
            ? ot_error_nomem(err)
            : ot_scratch_set(&bench->scratch, &bench->authority,
                             is_active ? OT_SCENE_ACTIVE : OT_SCENE_INACTIVE, err);

    if (status == OT_OK)
        status = ot_bench_run(bench, argv, NULL, text, LIST_BYTES, &exit_status, err);
    if (status == OT_OK)
        *is_listed = exit_status == 0 && strstr(text, bench->authority.root_name) != NULL;
    free(text);
    return status;
}

static enum ot_status try_trust_list(struct ot_doctor *doctor, bool is_wired,
                                     struct ot_error *err)
{
    struct ot_findings *findings = &doctor->findings;
    bool active = false, after = false;
    enum ot_status status = look_in_trust_list(doctor, true, &active, err);

    if (status == OT_OK)
        status = look_in_trust_list(doctor, false, &after, err);
    if (status != OT_OK)
        return status;
    if (active && !after)
        ot_finding_add(findings, PART, OT_VERDICT_NOT_PROVED, NULL,
                       OT_FIX_PACKAGE(doctor, "gnutls-bin"),
                       "trust list showed an authority while it was active and not "
                       "after: listed, no handshake was tried, for which the package "
                       "gnutls-bin has a program");
    else if (after)
        ot_finding_add(findings, PART, OT_VERDICT_FAILS, NULL, NULL,
                       "trust list showed an authority that was not active");
    else if (is_wired)
        ot_finding_add(findings, PART, OT_VERDICT_FAILS, NULL, NULL,
                       "wired, but trust list did not show an authority that was "
                       "active; p11-kit list-modules shows what p11-kit loads");
    else
        ot_finding_add(findings, PART, OT_VERDICT_NOT_WIRED, NULL, fix,
                       "p11-kit does not load the module");
    return OT_OK;
}

static enum ot_status check_p11_kit(struct ot_doctor *doctor, struct ot_error *err)
{
    struct ot_wiring wiring;
    enum ot_status status = OT_OK;

    ot_wiring_look(&wiring, PART, &doctor->env);
    if (wiring.kind == OT_NOT_HERE || wiring.kind == OT_IN_THE_WAY)
        ot_finding_of_refusal(doctor, PART, &wiring);
    else if (ot_tool_exists("gnutls-cli"))
        status = try_gnutls(doctor, wiring.kind == OT_WIRED, err);
    else if (ot_tool_exists("trust"))
        status = try_trust_list(doctor, wiring.kind == OT_WIRED, err);
    else if (wiring.kind == OT_WIRED)
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_NOT_PROVED, NULL,
                       OT_FIX_PACKAGE(doctor, "gnutls-bin"),
                       "a module file names the module; there is neither gnutls-cli nor "
                       "trust (packages gnutls-bin, p11-kit) to try it with");
    else
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_NOT_WIRED, NULL, fix,
                       "p11-kit does not load the module");
    if (status == OT_OK && wiring.kind == OT_WIRED)
        status = ot_tokens_try(doctor, PART, OT_TOKEN_GNUTLS, NULL, err);
    return status;
}

const struct ot_check ot_check_p11_kit = {PART, "GnuTLS and what loads p11-kit-proxy.so",
                                          check_p11_kit, false};
