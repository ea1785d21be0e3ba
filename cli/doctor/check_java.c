/* Java: nothing is installed into a JDK; tried is what docs/clients.md and orgtrust
 * install java tell the user to say on the command line. */
#include "base/error.h"
#include "doctor/check_internal.h"
#include "doctor/finding_internal.h"
#include "doctor/java_internal.h"
#include "doctor/tokens_internal.h"
#include "doctor/trial_internal.h"
#include "install/wiring.h"

#define PART "java"
#define OPTIONS                                                                          \
    "java -Djava.security.properties=" ORGTRUST_DATADIR                                  \
    "/orgtrust.security -Djavax.net.ssl.trustStoreType=PKCS11 "                          \
    "-Djavax.net.ssl.trustStore=NONE"

static enum ot_status try_java_options(struct ot_doctor *doctor, struct ot_error *err)
{
    const struct ot_wired_trials of = {
        .part = PART,
        .what = "a Java program (keytool -printcrl) with these options",
        .is_wired = true,
        .why_else = "; orgtrust install java says what is particular about each JDK",
    };
    struct ot_three_trials trials;
    enum ot_status status =
        ot_java_try_token(&doctor->bench, OT_TRIALS_FOLLOW, &trials, err);

    if (status == OT_OK)
        ot_finding_of_trials(doctor, &of, &trials);
    return status;
}

static enum ot_status check_java(struct ot_doctor *doctor, struct ot_error *err)
{
    struct ot_wiring wiring;
    enum ot_status status = OT_OK;

    ot_wiring_look(&wiring, PART, &doctor->env);
    if (wiring.kind != OT_WIRED)
        ot_finding_of_refusal(doctor, PART, &wiring);
    else
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_NOTE, NULL, NULL,
                       "a JVM follows only where it is told to, and from its next start "
                       "on: " OPTIONS);
    if (wiring.kind == OT_WIRED && ot_java_can_try())
        status = try_java_options(doctor, err);
    else if (wiring.kind == OT_WIRED)
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_NOT_PROVED, NULL, NULL,
                       "there is no keytool in the system's directories to try these "
                       "options with");
    if (wiring.kind == OT_WIRED && status == OT_OK)
        status = ot_tokens_try(doctor, PART, OT_TOKEN_JAVA, NULL, err);
    if (wiring.kind == OT_WIRED && status == OT_OK)
        status = ot_java_look_at_store(doctor, err);
    return status;
}

const struct ot_check ot_check_java = {PART, "a JVM with the options for it", check_java,
                                       false};
