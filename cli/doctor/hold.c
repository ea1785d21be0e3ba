#include "doctor/hold_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor/check_internal.h"
#include "doctor/clients_internal.h"
#include "doctor/databases_internal.h"
#include "doctor/finding_internal.h"
#include "doctor/java_internal.h"
#include "export/export.h"
#include "files/place.h"
#include "install/nss_list.h"
#include "install/tool.h"
#include "install/wiring.h"

/* By which program of the table in docs/clients.md each stack is tried, and whether it
 * holds to names there. All hold to a no. */
static const struct stack {
    const char *name, *program;
    bool holds_to_names;
    const char *look; /* what says more where it believes nothing */
} stacks[] = {
    {"openssl", "openssl s_client", true, "orgtrust doctor openssl"},
    {"p11-kit", "gnutls-cli", true, "orgtrust doctor p11-kit"},
    {"nss", "tstclnt", true, "orgtrust doctor nss"},
    {"java", "java", false, "orgtrust doctor java"},
    {"exports", "curl", true, "orgtrust doctor exports"},
};
enum { OPENSSL, P11_KIT, NSS, JAVA, EXPORTS };

struct holding {
    struct ot_doctor *doctor;
    const char *part;
    enum ot_trials_kind kind;
};

static bool is_wired(const struct holding *holding, const struct stack *stack)
{
    /* A configuration file is the machine's, and any user can look. */
    struct ot_install_env env = holding->doctor->env;
    struct ot_wiring wiring;

    if (stack == &stacks[OPENSSL])
        env.is_root = true;
    ot_wiring_look(&wiring, stack->name, &env);
    return wiring.kind == OT_WIRED;
}

/* What trials came to: the sentence before and behind the program's name. */
struct outcome_words {
    enum ot_verdict verdict;
    const char *before, *behind;
};

enum { VOID_FOR_ADDRESS = OT_TRIALS_UNCLEAR + 1 };

static const struct outcome_words held_to_names[] = {
    [OT_TRIALS_PROVED] = {OT_VERDICT_PROVED, "",
                          " believed a server whose name and address its authority is "
                          "limited to, and refused it where the name, and where the "
                          "address, was not among them"},
    [OT_TRIALS_NEVER] = {OT_VERDICT_FAILS, "",
                         " did not believe a server that its authority is limited to"},
    [OT_TRIALS_ALWAYS] = {OT_VERDICT_FAILS, "limits are void here: ",
                          " believed a server whose name is not among the names that its "
                          "authority is limited to; update it, or give this machine no "
                          "anchors that need limits"},
    [OT_TRIALS_UNCLEAR] = {OT_VERDICT_NOT_PROVED, "",
                           " believed a server that its authority is limited to; that it "
                           "refuses others was not seen"},
    [VOID_FOR_ADDRESS] = {OT_VERDICT_FAILS, "limits are void here: ",
                          " believed a server whose address is not among the names that "
                          "its authority is limited to; update it, or give this machine "
                          "no anchors that need limits"},
};

static const struct outcome_words held_to_no[] = {
    [OT_TRIALS_PROVED] = {OT_VERDICT_PROVED, "",
                          " refused a server whose authority another source distrusts, "
                          "believed it without that, and refused it again"},
    [OT_TRIALS_NEVER] = {OT_VERDICT_FAILS, "",
                         " did not believe a server whose authority is active and "
                         "distrusted by nobody"},
    [OT_TRIALS_ALWAYS] = {OT_VERDICT_FAILS, "what is distrusted is still trusted here: ",
                          " believed a server whose authority another source distrusts; "
                          "update it, or take away by hand what is distrusted"},
    [OT_TRIALS_UNCLEAR] = {OT_VERDICT_NOT_PROVED, "",
                           " believed a server while nobody distrusted its authority; "
                           "that it refuses it otherwise was not seen"},
};

static const struct outcome_words *words_for(const struct holding *holding,
                                             const struct ot_three_trials *trials)
{
    enum ot_trials_outcome outcome = ot_trials_outcome_of(trials);

    if (holding->kind == OT_TRIALS_NO)
        return &held_to_no[outcome];
    if (outcome == OT_TRIALS_ALWAYS && trials->each[0] != OT_TRIAL_BELIEVED)
        return &held_to_names[VOID_FOR_ADDRESS];
    return &held_to_names[outcome];
}

static struct ot_finding *add_tried(const struct holding *holding,
                                    const struct stack *stack, const char *subject,
                                    const char *what,
                                    const struct ot_three_trials *trials)
{
    struct ot_findings *findings = &holding->doctor->findings;
    const struct outcome_words *said = words_for(holding, trials);

    switch (ot_trials_outcome_of(trials)) {
    case OT_TRIALS_NEVER:
        return ot_finding_add(findings, holding->part, said->verdict, subject, NULL,
                              "%s%s%s: %s; %s says more", said->before, what,
                              said->behind, trials->words, stack->look);
    case OT_TRIALS_UNCLEAR:
        return ot_finding_add(findings, holding->part, said->verdict, subject, NULL,
                              "%s%s%s (%s)", said->before, what, said->behind,
                              trials->words);
    case OT_TRIALS_PROVED:
    case OT_TRIALS_ALWAYS:
        break;
    }
    return ot_finding_add(findings, holding->part, said->verdict, subject, NULL, "%s%s%s",
                          said->before, what, said->behind);
}

/* Who would not hold an anchor to its names is to be given none. */
static struct ot_finding *add_given_none(const struct holding *holding,
                                         const char *subject, const char *what,
                                         const struct ot_three_trials *trials)
{
    struct ot_findings *findings = &holding->doctor->findings;

    if (ot_trials_outcome_of(trials) != OT_TRIALS_NEVER)
        return ot_finding_add(
            findings, holding->part, OT_VERDICT_FAILS, subject, NULL,
            "%s believed a server by an anchor with limits on its names, of which it "
            "should be given none",
            what);
    return ot_finding_add(findings, holding->part, OT_VERDICT_NOTE, subject, NULL,
                          "%s holds no anchor to its names: it was given none with such "
                          "limits, and believed no server by one",
                          what);
}

static void add_held(const struct holding *holding, const struct stack *stack,
                     const char *subject, const char *what,
                     const struct ot_three_trials *trials)
{
    struct ot_finding *finding;

    if (holding->kind == OT_TRIALS_NO || stack->holds_to_names)
        finding = add_tried(holding, stack, subject, what, trials);
    else
        finding = add_given_none(holding, subject, what, trials);
    if (finding != NULL)
        finding->trials = *trials;
}

static enum ot_status hold_openssl(const struct holding *holding, struct ot_error *err)
{
    const struct stack *stack = &stacks[OPENSSL];
    struct ot_three_trials trials;
    enum ot_status status;

    if (!is_wired(holding, stack) || !ot_tool_exists("openssl"))
        return OT_OK;
    status = ot_client_openssl(&holding->doctor->bench, holding->kind, &trials, err);
    if (status == OT_OK)
        add_held(holding, stack, stack->name, "openssl s_client -CAstore orgtrust:///",
                 &trials);
    return status;
}

static enum ot_status hold_p11_kit(const struct holding *holding, struct ot_error *err)
{
    const struct stack *stack = &stacks[P11_KIT];
    struct ot_three_trials trials;
    enum ot_status status;

    if (!is_wired(holding, stack) || !ot_tool_exists("gnutls-cli"))
        return OT_OK;
    status = ot_client_gnutls(&holding->doctor->bench, holding->kind, &trials, err);
    if (status == OT_OK)
        add_held(holding, stack, stack->name,
                 "gnutls-cli --x509cafile pkcs11:token=orgtrust", &trials);
    return status;
}

/* Root does not load what another user's database names. */
static enum ot_status hold_database(void *arg, const char *dir, struct ot_error *err)
{
    const struct holding *holding = arg;
    struct ot_three_trials trials;
    enum ot_status status;
    char *database;

    if (ot_nss_wiring_in(dir) == OT_NSS_UNLISTED ||
        (geteuid() == 0 && ot_place_check(dir, NULL) != OT_OK))
        return OT_OK;
    if (asprintf(&database, "sql:%s", dir) < 0)
        return ot_error_nomem(err);
    status =
        ot_client_nss(&holding->doctor->bench, holding->kind, database, &trials, err);
    if (status == OT_OK)
        add_held(holding, &stacks[NSS], database, "tstclnt", &trials);
    free(database);
    return status;
}

static enum ot_status hold_java(const struct holding *holding, struct ot_error *err)
{
    const struct stack *stack = &stacks[JAVA];
    struct ot_three_trials trials;
    enum ot_status status;

    if (!is_wired(holding, stack) || !ot_java_can_try())
        return OT_OK;
    status = ot_java_try_token(&holding->doctor->bench, holding->kind, &trials, err);
    if (status == OT_OK)
        add_held(holding, stack, stack->name, "java with the token", &trials);
    return status;
}

/* Which exports there are; what is wrong with them is a finding of another check. */
static enum ot_status hold_exports(const struct holding *holding, struct ot_error *err)
{
    const struct ot_bench *bench = &holding->doctor->bench;
    struct ot_exports *exports = NULL;
    enum ot_status status = OT_OK;

    if (holding->doctor->config != NULL)
        (void)ot_exports_new(&exports, holding->doctor->config, NULL);
    for (size_t i = 0; status == OT_OK && exports != NULL && i < exports->count; i++) {
        const struct ot_export *item = &exports->items[i];
        const struct stack *stack =
            &stacks[item->kind == OT_EXPORT_JAVA ? JAVA : EXPORTS];
        struct ot_three_trials trials;
        const char *what;

        status =
            ot_client_of_export(bench, holding->kind, item->kind, &trials, &what, err);
        if (status == OT_OK && what != NULL)
            add_held(holding, stack, item->target, what, &trials);
    }
    free(exports);
    return status;
}

enum ot_status ot_hold_try(struct ot_doctor *doctor, const char *part,
                           enum ot_trials_kind kind, struct ot_error *err)
{
    struct holding holding = {.doctor = doctor, .part = part, .kind = kind};
    enum ot_status status = hold_openssl(&holding, err);

    if (status == OT_OK)
        status = hold_p11_kit(&holding, err);
    if (status == OT_OK && ot_tool_exists("tstclnt"))
        status = ot_databases_each(&doctor->env, hold_database, &holding, err);
    if (status == OT_OK)
        status = hold_java(&holding, err);
    /* A file lacks what is distrusted as it lacks what is not active: that it does is
     * compared by the check of exports. */
    if (status == OT_OK && kind != OT_TRIALS_NO)
        status = hold_exports(&holding, err);
    return status;
}
