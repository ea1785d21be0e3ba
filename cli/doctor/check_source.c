/* The sources themselves: what is trusted is as old as the snapshot, and a key that a
 * sync cannot use is found before the snapshot expires. */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/limits.h"
#include "config/config.h"
#include "config/source.h"
#include "doctor/check_internal.h"
#include "doctor/finding_internal.h"
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

static void look_at_key(struct ot_doctor *doctor, const struct ot_source *source)
{
    struct ot_error why = OT_ERROR_INIT;
    struct ot_key key = {.secret = NULL};

    if (!is_key_for_us(source))
        return;
    if (ot_key_load(&key, source, &why) != OT_OK ||
        ot_key_check_host(&key, source, &why) != OT_OK)
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_FAILS, source->name, NULL,
                       "no sync can succeed: %s", why.message);
    ot_key_clear(&key);
}

static void add_usable(struct ot_doctor *doctor, const struct ot_source_report *report)
{
    const char *name = report->source->name;
    char age[OT_TIME_MAX];

    ot_output_duration(age, report->freshness.age_s);
    if (report->freshness.future)
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_NOTE, name,
                       "set the clock, or run orgtrust sync",
                       "the snapshot's time is in the future");
    else if (report->state.failures > 0)
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_NOTE, name, "orgtrust sync",
                       "the snapshot is %s old (%s), and %u sync%s since failed: %s", age,
                       report->word, report->state.failures,
                       report->state.failures == 1 ? "" : "s",
                       report->state.last.message);
    else if (report->freshness.stale)
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_NOTE, name,
                       "orgtrust sync, or orgtrust install systemd",
                       "the snapshot is %s old: what changed since is not here", age);
    else
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_PROVED, name, NULL,
                       "the snapshot is %s old and can be read by this user: %u "
                       "certificates, %u active",
                       age, report->total, report->active);
}

static enum ot_status check_one_source(struct ot_doctor *doctor,
                                       const struct ot_source *source,
                                       struct ot_error *err)
{
    struct ot_source_report report;
    enum ot_status status = ot_source_report_make(&report, source, doctor->distrust,
                                                  time(NULL), OT_EXPIRES_SOON_S, err);

    if (status == OT_OK && report.problem.status != OT_OK)
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_FAILS, source->name,
                       "orgtrust sync", "%s", report.problem.message);
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
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_FAILS, NULL, NULL, "%s",
                       doctor->config_error.message);
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
                                         check_sources};
