#include "doctor/java_internal.h"

#include <stdio.h>

#include "base/error.h"
#include "doctor/scratch_internal.h"
#include "doctor/tls_server_internal.h"
#include "doctor/trial_internal.h"
#include "install/tool.h"

bool ot_java_can_try(void)
{
    return ot_tool_exists("keytool");
}

/* keytool is in every JRE, also where there is no compiler, and reads a list of
 * revocations by the JVM's own HTTPS: with its trust store, and by the name in the URL.
 */
static enum ot_status try_java(const struct ot_bench *bench, enum ot_trials_kind kind,
                               const char *const options[3], ot_bench_prepare *prepare,
                               struct ot_three_trials *trials, struct ot_error *err)
{
    char url[40];
    const char *const argv[] = {"keytool",
                                "-J-XX:-UsePerfData",
                                "-J-XX:TieredStopAtLevel=1",
                                options[0],
                                options[1],
                                options[2],
                                "-printcrl",
                                "-file",
                                url,
                                NULL};

    snprintf(url, sizeof(url), "https://127.0.0.1:%u/",
             ot_tls_server_port(bench->server));
    return ot_bench_try(bench, kind, argv, NULL, prepare, trials, err);
}

enum ot_status ot_java_try_token(const struct ot_bench *bench, enum ot_trials_kind kind,
                                 struct ot_three_trials *trials, struct ot_error *err)
{
    static const char *const options[3] = {
        "-J-Djava.security.properties=" ORGTRUST_DATADIR "/orgtrust.security",
        "-J-Djavax.net.ssl.trustStoreType=PKCS11", "-J-Djavax.net.ssl.trustStore=NONE"};

    return try_java(bench, kind, options, NULL, trials, err);
}

enum ot_status ot_java_try_file(const struct ot_bench *bench, enum ot_trials_kind kind,
                                const char *path, ot_bench_prepare *prepare,
                                struct ot_three_trials *trials, struct ot_error *err)
{
    char store[OT_SCRATCH_PATH_MAX + 40];
    const char *const options[3] = {"-J-Djavax.net.ssl.trustStoreType=PKCS12", store,
                                    "-J-Djavax.net.ssl.trustStorePassword="};

    snprintf(store, sizeof(store), "-J-Djavax.net.ssl.trustStore=%s", path);
    return try_java(bench, kind, options, prepare, trials, err);
}
