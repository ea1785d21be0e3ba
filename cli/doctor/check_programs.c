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
#include "doctor/fix_internal.h"
#include "export/export.h"

#define PART "programs"
#define SYSTEM_BUNDLE "/etc/ssl/certs/ca-certificates.crt"
#define WAYS_MAX 160
#define PATH_DIRECTORIES_MAX 64 /* more is a mistake */

struct view {
    struct ot_doctor *doctor;
    bool system_holds;  /* the store was compared, in this run */
    bool system_lacks;  /* and has anchors of some source kept from it */
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

/* *fix: what makes the row good in this shell, or NULL where no command does. A variable
 * that replaces the program's own authorities names the system's store, where the others
 * are as well. */
static enum ot_status write_fix(char **fix, const struct view *view,
                                const struct ot_program_row *row, const char *value,
                                struct ot_error *err)
{
    const bool reads_system = row->reads == OT_READS_SYSTEM;
    const char *file = row->replaces ? SYSTEM_BUNDLE : view->bundle;
    const bool is_needed = !reads_system && row->variable != NULL && file != NULL;
    bool is_written;
    size_t len;
    FILE *out = open_memstream(fix, &len);

    if (out == NULL)
        return ot_error_nomem(err);
    if (!view->system_holds && (reads_system || (is_needed && row->replaces)))
        fputs(OT_FIX_AS_ROOT(view->doctor, "orgtrust install system"), out);
    if (reads_system && value != NULL && strcmp(value, SYSTEM_BUNDLE) != 0)
        fprintf(out, "%sunset %s", ftell(out) > 0 ? " && " : "", row->variable);
    else if (is_needed)
        fprintf(out, "%sexport %s=%s", ftell(out) > 0 ? " && " : "", row->variable, file);
    is_written = fclose(out) == 0;
    if (is_written && len > 0)
        return OT_OK;
    free(*fix);
    *fix = NULL;
    return is_written ? OT_OK : ot_error_nomem(err);
}

/* What else there is to say of a program that does not follow: the file that a variable
 * of its takes, and another way. */
static void print_ways(char ways[WAYS_MAX], const struct view *view,
                       const struct ot_program_row *row)
{
    const bool needs_file = row->reads == OT_READS_OWN && row->variable != NULL &&
                            !row->replaces && view->bundle == NULL;

    snprintf(ways, WAYS_MAX, "%s%s%s%s%s%s",
             row->else_do != NULL || needs_file ? " (" : "",
             needs_file ? row->variable : "", needs_file ? "=FILE" : "",
             needs_file && row->else_do != NULL ? "; " : "",
             row->else_do != NULL ? row->else_do : "",
             row->else_do != NULL || needs_file ? ")" : "");
}

/* The variable is set here: what it names counts, whatever the program reads else. */
static void add_set(const struct view *view, const struct ot_program_row *row,
                    const char *path, const char *value, const char *fix)
{
    char ways[WAYS_MAX] = "";
    bool is_ours = view->bundle != NULL && strcmp(value, view->bundle) == 0;
    bool is_system = view->system_holds && strcmp(value, SYSTEM_BUNDLE) == 0;

    if (!is_ours && !is_system)
        print_ways(ways, view, row);
    ot_finding_add(&view->doctor->findings, PART,
                   is_ours || is_system ? OT_VERDICT_NOTE : OT_VERDICT_NOT_WIRED, path,
                   is_ours || is_system ? NULL : fix,
                   "%s is set here and names %s, which orgtrust %s%s", row->variable,
                   value, is_ours || is_system ? "keeps in step" : "does not keep", ways);
}

static void add_unset_variable(const struct view *view, const struct ot_program_row *row,
                               const char *path, const char *fix)
{
    struct ot_findings *findings = &view->doctor->findings;
    char ways[WAYS_MAX];

    print_ways(ways, view, row);
    if (row->reads == OT_READS_SYSTEM && view->system_holds)
        ot_finding_add(
            findings, PART, OT_VERDICT_NOTE, path, NULL,
            "reads the system's store, which holds the organization's anchors%s",
            view->system_lacks ? " but those that are limited to names" : "");
    else if (row->reads == OT_READS_SYSTEM)
        ot_finding_add(findings, PART, OT_VERDICT_NOT_WIRED, path, fix,
                       "reads the system's store, which orgtrust does not keep%s", ways);
    else if (row->reads == OT_READS_OWN)
        ot_finding_add(findings, PART, OT_VERDICT_NOT_WIRED, path, fix,
                       "has authorities of its own and does not follow by itself%s",
                       ways);
    else
        ot_finding_add(findings, PART, OT_VERDICT_NOT_WIRED, path, fix,
                       "what it runs does not see this machine's files and modules%s",
                       ways);
}

static bool has_spared(const struct ot_config *config)
{
    for (size_t i = 0; config != NULL && i < ot_config_count(config); i++)
        if (ot_export_spares_system(ot_config_at(config, i)))
            return true;
    return false;
}

static enum ot_status check_program(const struct view *view,
                                    const struct ot_program_row *row,
                                    struct ot_error *err)
{
    const char *value = row->variable != NULL ? ot_env_get(row->variable) : NULL;
    char path[PATH_MAX], *fix = NULL;
    enum ot_status status;

    if (!find_in_path(path, row->name))
        return OT_OK;
    status = write_fix(&fix, view, row, value, err);
    if (status != OT_OK)
        return status;
    if (value != NULL)
        add_set(view, row, path, value, fix);
    else
        add_unset_variable(view, row, path, fix);
    free(fix);
    return OT_OK;
}

static bool names_file(const struct ot_findings *findings, size_t from)
{
    for (size_t i = from; i < findings->count; i++)
        if (strstr(findings->items[i].sentence, "FILE") != NULL)
            return true;
    return false;
}

static enum ot_status check_programs(struct ot_doctor *doctor, struct ot_error *err)
{
    struct view view = {.doctor = doctor,
                        .system_lacks = has_spared(doctor->config),
                        .bundle = find_exported_bundle(doctor->config)};
    size_t before = doctor->findings.count;
    enum ot_status status = ot_doctor_ask_system(doctor, &view.system_holds, err);

    for (size_t i = 0; status == OT_OK && ot_program_rows[i].name != NULL; i++)
        status = check_program(&view, &ot_program_rows[i], err);
    if (status == OT_OK && view.bundle == NULL && names_file(&doctor->findings, before))
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_NOTE, NULL, NULL,
                       "FILE is what export_bundle = FILE in orgtrust.conf makes");
    if (status == OT_OK && doctor->findings.count == before)
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_ABSENT, NULL, NULL,
                       "none of those that orgtrust knows is in PATH");
    return status;
}

const struct ot_check ot_check_programs = {PART, "programs that read only files",
                                           check_programs, true};
