/* NSS: the databases that Chromium and the NSS tools of this user open, tried with NSS's
 * own client; without that, it says so. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "doctor/check_internal.h"
#include "doctor/clients_internal.h"
#include "doctor/databases_internal.h"
#include "doctor/finding_internal.h"
#include "doctor/fix_internal.h"
#include "doctor/tokens_internal.h"
#include "doctor/trial_internal.h"
#include "files/place.h"
#include "install/nss_list.h"
#include "install/tool.h"

#define PART "nss"

static const char fix[] = "orgtrust install nss";

static enum ot_status try_tstclnt(struct ot_doctor *doctor, const char *database,
                                  bool is_wired, struct ot_error *err)
{
    const struct ot_wired_trials of = {
        .part = PART,
        .subject = database,
        .what = "tstclnt",
        .is_wired = is_wired,
        .fix = fix,
        .why_else = "; modutil -list shows what the database loads",
    };
    struct ot_three_trials trials;
    enum ot_status status =
        ot_client_nss(&doctor->bench, OT_TRIALS_FOLLOW, database, &trials, err);

    if (status == OT_OK)
        ot_finding_of_trials(doctor, &of, &trials);
    return status;
}

/* What is known without the client. */
static void add_untried(struct ot_doctor *doctor, const char *database, bool is_wired)
{
    if (is_wired)
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_NOT_PROVED, database,
                       OT_FIX_PACKAGE(doctor, "libnss3-tools"),
                       "the database names the module; there is no tstclnt (package "
                       "libnss3-tools) to try it with");
    else
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_NOT_WIRED, database, fix,
                       "the database does not name the module");
}

/* What the trials do not show: whose word counts. */
static void add_order(struct ot_doctor *doctor, const char *database)
{
    ot_finding_add(
        &doctor->findings, PART, OT_VERDICT_FAILS, database, fix,
        "the database loads the module without its order, so that it overrules "
        "what the user and Mozilla distrust, or trust for other purposes");
}

/* Who distrusts wants that of all who trust. */
static void add_distrust(struct ot_doctor *doctor, const char *database, const char *dir)
{
    if (doctor->distrust != NULL && !ot_nss_has_distrust_in(dir))
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_FAILS, database, fix,
                       "what is distrusted is still trusted by who uses this database, "
                       "where its user or Mozilla trusts it: it does not load "
                       "orgtrust-distrust-pkcs11.so, which is asked before them");
}

static enum ot_status try_database(struct ot_doctor *doctor, const char *dir,
                                   struct ot_error *err)
{
    const enum ot_nss_wiring wiring = ot_nss_wiring_in(dir);
    const bool is_wired = wiring != OT_NSS_UNLISTED;
    enum ot_status status = OT_OK;
    char *database;

    if (asprintf(&database, "sql:%s", dir) < 0)
        return ot_error_nomem(err);
    if (wiring == OT_NSS_TOO_EARLY)
        add_order(doctor, database);
    if (is_wired)
        add_distrust(doctor, database, dir);
    if (ot_tool_exists("tstclnt"))
        status = try_tstclnt(doctor, database, is_wired, err);
    else
        add_untried(doctor, database, is_wired);
    if (status == OT_OK && is_wired)
        status = ot_tokens_try(doctor, PART, OT_TOKEN_NSS, database, err);
    free(database);
    return status;
}

struct nss_check {
    struct ot_doctor *doctor;
    bool found; /* a database */
};

static enum ot_status check_nss_database(void *arg, const char *dir, struct ot_error *err)
{
    struct nss_check *check = arg;
    struct ot_doctor *doctor = check->doctor;
    struct ot_error why = OT_ERROR_INIT;
    bool is_there;
    char *list;

    if (asprintf(&list, "%s/pkcs11.txt", dir) < 0)
        return ot_error_nomem(err);
    is_there = access(list, F_OK) == 0;
    free(list);
    if (!is_there)
        return OT_OK;
    check->found = true;
    if (geteuid() == 0 && ot_place_check(dir, &why) != OT_OK) {
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_NOT_PROVED, dir, NULL,
                       "root does not load what another user's database names: %s",
                       why.message);
        return OT_OK;
    }
    return try_database(doctor, dir, err);
}

static void note_browsers(struct ot_doctor *doctor)
{
    for (size_t i = 0; ot_nss_browsers[i] != NULL; i++)
        if (ot_tool_exists(ot_nss_browsers[i]))
            ot_finding_add(&doctor->findings, PART, OT_VERDICT_NOTE, ot_nss_browsers[i],
                           NULL,
                           "reads the first database of its user; the browser itself was "
                           "not started");
}

static enum ot_status check_nss(struct ot_doctor *doctor, struct ot_error *err)
{
    struct nss_check check = {.doctor = doctor};
    enum ot_status status =
        ot_databases_each(&doctor->env, check_nss_database, &check, err);

    if (status == OT_OK && !check.found)
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_ABSENT, NULL, NULL,
                       "this user has no NSS database");
    if (status == OT_OK && check.found)
        note_browsers(doctor);
    return status;
}

const struct ot_check ot_check_nss = {PART, "this user's NSS databases", check_nss,
                                      false};
