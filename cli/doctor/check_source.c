/* The sources themselves: what is trusted is as old as the snapshot, and a key that a
 * sync cannot use is found before the snapshot expires. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "config/config.h"
#include "config/source.h"
#include "config/source_path.h"
#include "doctor/check_internal.h"
#include "doctor/finding_internal.h"
#include "doctor/fix_internal.h"
#include "http/key.h"
#include "view/output.h"
#include "view/source_report.h"

#define PART "source"

/* A user's programs read the snapshot; the key is for whoever syncs. */
static bool is_key_for_us(const struct ot_source *source)
{
    return geteuid() == 0 || source->admin_key_file == NULL ||
           access(source->admin_key_file, R_OK) == 0;
}

/* Puts what is pasted into the key file and tries it; NULL: there is no such file, or no
 * memory. The caller frees it. */
static char *new_key_fix(const struct ot_source *source)
{
    const char *file = source->admin_key_file, *sudo = geteuid() == 0 ? "" : "sudo ";
    char *fix = NULL;

    if (file == NULL)
        return NULL;
    if (access(file, W_OK) == 0 || errno == ENOENT)
        sudo = "";
    if (asprintf(&fix, "%1$sinstall -D -m 600 /dev/stdin '%2$s' && %1$sorgtrust sync",
                 sudo, file) < 0)
        return NULL;
    return fix;
}

static const char how_to_paste[] =
    "; the command takes a new key, pasted and ended by Enter and Ctrl-D";

static bool is_key_missing(const struct ot_source *source)
{
    return source->admin_key_file != NULL && access(source->admin_key_file, F_OK) != 0 &&
           errno == ENOENT;
}

static void look_at_key(struct ot_doctor *doctor, const struct ot_source *source)
{
    struct ot_error why = OT_ERROR_INIT;
    struct ot_key key = {.secret = NULL};
    char *fix = NULL;

    if (!is_key_for_us(source))
        return;
    if (ot_key_load(&key, source, &why) != OT_OK ||
        ot_key_check_host(&key, source, &why) != OT_OK)
        fix = is_key_missing(source) ? new_key_fix(source) : NULL;
    if (fix != NULL)
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_FAILS, source->name, fix,
                       "no sync can succeed: %s%s", why.message, how_to_paste);
    else if (why.status != OT_OK)
        ot_finding_add_error(&doctor->findings, PART, OT_VERDICT_FAILS, source->name,
                             "no sync can succeed: ", &why);
    free(fix);
    ot_key_clear(&key);
}

/* Of what the key file holds: a new one, from standard input. */
static void add_refused_key(struct ot_doctor *doctor,
                            const struct ot_source_report *report)
{
    const struct ot_source *source = report->source;
    char *fix = new_key_fix(source);

    ot_finding_add(&doctor->findings, PART, OT_VERDICT_FAILS, source->name, fix,
                   "the API refuses the key, so that no sync can succeed and what is "
                   "trusted stays as it was: %s%s",
                   report->state.last.message, fix != NULL ? how_to_paste : "");
    free(fix);
}

static void add_usable(struct ot_doctor *doctor, const struct ot_source_report *report)
{
    const char *name = report->source->name;
    char age[OT_TIME_MAX];
    size_t said;

    (void)ot_finding_command(&report->state.last, &said);
    ot_text_span(age, report->freshness.age_s);
    if (report->freshness.future)
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_NOTE, name,
                       ot_fix_sync(doctor),
                       "the snapshot's time is in the future: is this machine's clock "
                       "right?");
    else if (report->state.failures > 0 && report->state.last.status == OT_E_AUTH)
        add_refused_key(doctor, report);
    else if (report->state.failures > 0)
        ot_finding_add(
            &doctor->findings, PART, OT_VERDICT_NOTE, name, ot_fix_sync(doctor),
            "the snapshot is %s old (%s), and %u sync%s since failed: %.*s", age,
            report->word, report->state.failures, report->state.failures == 1 ? "" : "s",
            (int)said, report->state.last.message);
    else if (report->freshness.stale)
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_NOTE, name,
                       ot_fix_sync(doctor),
                       "the snapshot is %s old: what changed since is not here, and "
                       "orgtrust install systemd would keep it fresh",
                       age);
    else
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_PROVED, name, NULL,
                       "the snapshot is %s old and can be read by this user: %u "
                       "certificate%s, %u active",
                       age, report->total, report->total == 1 ? "" : "s", report->active);
}

/* A sync makes a snapshot anew; it does not open a directory that somebody closed, nor
 * close one that is open to all. */
static void add_unusable(struct ot_doctor *doctor, const struct ot_source_report *report)
{
    const char *name = report->source->name;
    char path[PATH_MAX], closed[PATH_MAX], *fix = NULL;
    size_t said;

    if (ot_finding_command(&report->problem, &said) != NULL) {
        ot_finding_add_error(&doctor->findings, PART, OT_VERDICT_FAILS, name, "",
                             &report->problem);
        return;
    }
    if (report->problem.errnum == EACCES &&
        ot_source_path(path, report->source, OT_SOURCE_SNAPSHOT, NULL) == OT_OK)
        ot_fix_closed(&fix, closed, doctor, path);
    ot_finding_add(&doctor->findings, PART, OT_VERDICT_FAILS, name,
                   fix != NULL ? fix : ot_fix_sync(doctor), "%s",
                   report->problem.message);
    free(fix);
}

static enum ot_status check_one_source(struct ot_doctor *doctor,
                                       const struct ot_source *source,
                                       struct ot_error *err)
{
    struct ot_source_report report;
    enum ot_status status = ot_source_report_make_brief(&report, source, time(NULL), err);

    if (status == OT_OK && report.problem.status != OT_OK)
        add_unusable(doctor, &report);
    else if (status == OT_OK)
        add_usable(doctor, &report);
    ot_source_report_clear(&report);
    if (status == OT_OK)
        look_at_key(doctor, source);
    return status;
}

static enum ot_status check_sources(struct ot_doctor *doctor, struct ot_error *err)
{
    const struct ot_source *source;
    struct ot_error why = OT_ERROR_INIT;
    enum ot_status status = OT_OK;

    if (doctor->config == NULL) {
        ot_finding_add_error(&doctor->findings, PART, OT_VERDICT_FAILS, NULL, "",
                             &doctor->config_error);
        return OT_OK;
    }
    if (ot_config_advice(doctor->config) != NULL)
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_NOTE, NULL, NULL, "%s",
                       ot_config_advice(doctor->config));
    if (ot_config_count(doctor->config) == 0) {
        ot_config_find(doctor->config, NULL, &source, &why);
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_NOT_WIRED, NULL, NULL, "%s",
                       why.message);
    }
    for (size_t i = 0; status == OT_OK && i < ot_config_count(doctor->config); i++)
        status = check_one_source(doctor, ot_config_at(doctor->config, i), err);
    return status;
}

const struct ot_check ot_check_source = {PART, "the sources' snapshots and keys",
                                         check_sources, false};
