/* The programs of this machine that read only files: which file, and what to do. None of
 * them is run. */
#include "doctor/programs_internal.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/environment.h"
#include "base/error.h"
#include "config/config.h"
#include "config/source.h"
#include "doctor/check_internal.h"
#include "doctor/finding_internal.h"

#define PART "programs"
#define SYSTEM_BUNDLE "/etc/ssl/certs/ca-certificates.crt"
#define PATH_DIRECTORIES_MAX 64 /* more is a mistake */

struct view {
    struct ot_doctor *doctor;
    bool system_holds;  /* the store was compared, in this run */
    const char *bundle; /* export_bundle of the configuration; NULL: none */
};

/* Where PATH leads for a name; relative entries do not count. */
static bool find_in_path(char path[PATH_MAX], const char *name)
{
    const char *at = ot_env_get("PATH");

    for (int i = 0; at != NULL && i < PATH_DIRECTORIES_MAX; i++) {
        size_t len = strcspn(at, ":");
        struct stat st;

        if (at[0] == '/' &&
            snprintf(path, PATH_MAX, "%.*s/%s", (int)len, at, name) < PATH_MAX &&
            stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0)
            return true;
        at = at[len] == ':' ? at + len + 1 : NULL;
    }
    return false;
}

static const char *find_exported_bundle(const struct ot_config *config)
{
    for (size_t i = 0; config != NULL && i < ot_config_count(config); i++)
        if (ot_config_at(config, i)->export_bundle != NULL)
            return ot_config_at(config, i)->export_bundle;
    return NULL;
}

/* What the variable should name, into fix. One that replaces the program's own
 * authorities names the system's store where that has both. */
static enum ot_status print_fix(char **fix, const struct view *view,
                                const struct ot_program_row *row, struct ot_error *err)
{
    const char *file = view->bundle != NULL ? view->bundle : "FILE";
    size_t len;
    FILE *out = open_memstream(fix, &len);

    if (out == NULL)
        return ot_error_nomem(err);
    if (row->replaces && view->system_holds)
        file = SYSTEM_BUNDLE;
    if (row->reads == OT_READS_SYSTEM && !view->system_holds)
        fputs("as root: orgtrust install system", out);
    if (row->variable != NULL)
        fprintf(out, "%s%s=%s", ftell(out) > 0 ? "; or " : "", row->variable, file);
    if (row->variable != NULL && row->replaces && !view->system_holds)
        fputs(", which is in place of all other authorities", out);
    if (row->else_do != NULL)
        fprintf(out, "%s%s", ftell(out) > 0 ? "; " : "", row->else_do);
    if (fclose(out) == 0)
        return OT_OK;
    free(*fix);
    return ot_error_nomem(err);
}

/* The variable is set here: what it names counts, whatever the program reads else. */
static void add_set(const struct view *view, const struct ot_program_row *row,
                    const char *path, const char *value, const char *fix)
{
    bool is_ours = view->bundle != NULL && strcmp(value, view->bundle) == 0;
    bool is_system = view->system_holds && strcmp(value, SYSTEM_BUNDLE) == 0;

    ot_finding_add(&view->doctor->findings, PART,
                   is_ours || is_system ? OT_VERDICT_NOTE : OT_VERDICT_NOT_WIRED, path,
                   is_ours || is_system ? NULL : fix,
                   "%s is set here and names %s, which orgtrust %s", row->variable, value,
                   is_ours || is_system ? "keeps in step" : "does not keep");
}

static void add_unset_variable(const struct view *view, const struct ot_program_row *row,
                               const char *path, const char *fix)
{
    struct ot_findings *findings = &view->doctor->findings;

    if (row->reads == OT_READS_SYSTEM && view->system_holds)
        ot_finding_add(
            findings, PART, OT_VERDICT_NOTE, path, NULL,
            "reads the system's store, which holds the organization's anchors");
    else if (row->reads == OT_READS_SYSTEM)
        ot_finding_add(findings, PART, OT_VERDICT_NOT_WIRED, path, fix,
                       "reads the system's store, which orgtrust does not keep");
    else if (row->reads == OT_READS_OWN)
        ot_finding_add(findings, PART, OT_VERDICT_NOT_WIRED, path, fix,
                       "has authorities of its own and does not follow by itself");
    else
        ot_finding_add(findings, PART, OT_VERDICT_NOT_WIRED, path, fix,
                       "what it runs does not see this machine's files and modules");
}

static enum ot_status check_program(const struct view *view,
                                    const struct ot_program_row *row,
                                    struct ot_error *err)
{
    const char *value = row->variable != NULL ? ot_env_get(row->variable) : NULL;
    char path[PATH_MAX], *fix;
    enum ot_status status;

    if (!find_in_path(path, row->name))
        return OT_OK;
    status = print_fix(&fix, view, row, err);
    if (status != OT_OK)
        return status;
    if (value != NULL)
        add_set(view, row, path, value, fix);
    else
        add_unset_variable(view, row, path, fix);
    free(fix);
    return OT_OK;
}

static enum ot_status check_programs(struct ot_doctor *doctor, struct ot_error *err)
{
    struct view view = {.doctor = doctor, .bundle = find_exported_bundle(doctor->config)};
    size_t before = doctor->findings.count;
    enum ot_status status = ot_doctor_ask_system(doctor, &view.system_holds, err);

    for (size_t i = 0; status == OT_OK && ot_program_rows[i].name != NULL; i++)
        status = check_program(&view, &ot_program_rows[i], err);
    if (status == OT_OK && doctor->findings.count > before && view.bundle == NULL)
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_NOTE, NULL, NULL,
                       "FILE is what export_bundle = FILE in orgtrust.conf makes");
    if (status == OT_OK && doctor->findings.count == before)
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_ABSENT, NULL, NULL,
                       "none of those that orgtrust knows is in PATH");
    return status;
}

const struct ot_check ot_check_programs = {PART, "programs that read only files",
                                           check_programs};
