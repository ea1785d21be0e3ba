/* Java: nothing is changed. What a JVM trusts is either its own file or, whole, the
 * token: a setting for all of them would take the JDK's authorities away from every
 * program. So this says how one program is told, and which of the JDKs follows the
 * system's store. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "install/stack_internal.h"

#define JDKS "/usr/lib/jvm/*/conf/security/java.security"
/* Debian's ca-certificates-java: it makes the JDKs' store whenever the system's changes.
 */
#define SYSTEM_HOOK "/etc/ca-certificates/update.d/jks-keystore"
#define SECURITY_FILE ORGTRUST_DATADIR "/orgtrust.security"

/* The highest number of a provider in a java.security; 0: there is none. */
static long count_providers(const char *path)
{
    static const char prefix[] = "security.provider.";
    FILE *in = fopen(path, "re");
    char line[512];
    long count = 0;

    while (in != NULL && fgets(line, sizeof(line), in) != NULL) {
        char *end;
        long number;

        if (strncmp(line, prefix, sizeof(prefix) - 1) != 0)
            continue;
        number = strtol(line + sizeof(prefix) - 1, &end, 10);
        if (*end == '=' && number > count && number < 1000)
            count = number;
    }
    if (in != NULL)
        fclose(in);
    return count;
}

/* The number under which the file of ours adds one more. */
static long own_number(void)
{
    return count_providers(SECURITY_FILE);
}

static void note_odd_ones(struct ot_stack_plan *plan, const glob_t *jdks)
{
    long own = own_number();

    for (size_t i = 0; i < jdks->gl_pathc; i++) {
        long count = count_providers(jdks->gl_pathv[i]);

        if (count > 0 && count + 1 != own)
            ot_stack_plan_note(plan,
                               "%s lists %ld providers: in a copy of " SECURITY_FILE
                               " for it say security.provider.%ld",
                               jdks->gl_pathv[i], count, count + 1);
    }
}

static enum ot_status plan_java(struct ot_stack_plan *plan,
                                const struct ot_install_env *env, struct ot_error *err)
{
    glob_t jdks;
    enum ot_status status = ot_install_need(SECURITY_FILE, err);

    (void)env;
    if (status != OT_OK)
        return status;
    if (glob(JDKS, 0, NULL, &jdks) != 0)
        return ot_error_set(err, OT_E_NOT_FOUND, "no JDK is below /usr/lib/jvm");
    if (access(SYSTEM_HOOK, F_OK) == 0)
        ot_stack_plan_note(
            plan, "Debian's JDKs follow the system's store: see the stack system");
    ot_stack_plan_note(
        plan, "for one program, in place of the JDK's authorities: java "
              "-Djava.security.properties=" SECURITY_FILE
              " -Djavax.net.ssl.trustStoreType=PKCS11 -Djavax.net.ssl.trustStore=NONE");
    note_odd_ones(plan, &jdks);
    globfree(&jdks);
    return OT_OK;
}

const struct ot_stack ot_stack_java = {
    .name = "java",
    .summary = "how a JVM is told; changes nothing by itself",
    .plan = plan_java,
};
