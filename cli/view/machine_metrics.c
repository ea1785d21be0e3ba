#include "view/machine_metrics.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory_stream.h"
#include "config/source.h"
#include "notify/notify.h"
#include "snapshot/record.h"
#include "view/export_report.h"

/* What of a source is a number; NAN: it has none. */
typedef double source_number(const struct ot_machine_report *machine,
                             const struct ot_source_report *report);

static double number_usable(const struct ot_machine_report *machine,
                            const struct ot_source_report *report)
{
    (void)machine;
    return report->problem.status == OT_OK;
}

static double number_seen_at(const struct ot_machine_report *machine,
                             const struct ot_source_report *report)
{
    (void)machine;
    return report->has_snapshot ? (double)report->freshness.seen_at : NAN;
}

static double number_usable_until(const struct ot_machine_report *machine,
                                  const struct ot_source_report *report)
{
    (void)machine;
    if (!report->has_snapshot)
        return NAN;
    if (report->source->max_stale_s == OT_NEVER)
        return INFINITY;
    return (double)report->freshness.seen_at + (double)report->source->max_stale_s;
}

static double number_due_at(const struct ot_machine_report *machine,
                            const struct ot_source_report *report)
{
    (void)machine;
    return (double)report->next_refresh;
}

static double number_failures(const struct ot_machine_report *machine,
                              const struct ot_source_report *report)
{
    (void)machine;
    return report->state.failures;
}

static double number_key_end(const struct ot_machine_report *machine,
                             const struct ot_source_report *report)
{
    (void)machine;
    return report->state.key_ends_at != 0 ? (double)report->state.key_ends_at : NAN;
}

static double number_limited(const struct ot_machine_report *machine,
                             const struct ot_source_report *report)
{
    (void)machine;
    return report->has_snapshot ? (double)report->limited : NAN;
}

static double number_exports(const struct ot_machine_report *machine,
                             const struct ot_source_report *report)
{
    return (double)ot_export_report_count(machine->exports, report->source).all;
}

static double number_exports_failing(const struct ot_machine_report *machine,
                                     const struct ot_source_report *report)
{
    return (double)ot_export_report_count(machine->exports, report->source).failing;
}

static double number_notify_failures(const struct ot_machine_report *machine,
                                     const struct ot_source_report *report)
{
    struct ot_state state;

    (void)machine;
    if (report->source->notify_url == NULL)
        return NAN;
    ot_notify_state(&state, report->source, NULL);
    return state.failures;
}

/* Of those that are active and had not ended yet. */
static double number_earliest_end(const struct ot_machine_report *machine,
                                  const struct ot_source_report *report)
{
    struct ot_record record;
    double earliest = NAN;

    if (ot_source_distrusts(report->source))
        return NAN;
    for (uint32_t i = 0; report->has_snapshot && i < report->all.count; i++) {
        if (ot_snapshot_record(report->snapshot, &report->all, i, &record, NULL) != OT_OK)
            return NAN;
        if ((record.flags & OT_RECORD_ACTIVE) != 0 && record.expires_at >= machine->now &&
            !((double)record.expires_at >= earliest))
            earliest = (double)record.expires_at;
    }
    return earliest;
}

static const struct {
    const char *name, *help;
    source_number *number;
} source_metrics[] = {
    {"source_usable", "Whether programs use the snapshot of the source.", number_usable},
    {"snapshot_seen_timestamp_seconds",
     "When the organization was last seen as it is in the snapshot.", number_seen_at},
    {"snapshot_end_timestamp_seconds",
     "When the snapshot is used no more, unless the organization is seen again.",
     number_usable_until},
    {"sync_due_timestamp_seconds", "When the next sync is due.", number_due_at},
    {"sync_failures", "Failed syncs in a row.", number_failures},
    {"key_end_timestamp_seconds", "When the admin key ends.", number_key_end},
    {"certificates_limited", "Active certificates that are handed out with limits.",
     number_limited},
    {"certificates_earliest_end_timestamp_seconds",
     "When the first of the active certificates expires.", number_earliest_end},
    {"exports", "Files and commands that are kept in step.", number_exports},
    {"exports_failing", "Those of them that are not in step.", number_exports_failing},
    {"notify_failures", "Failed deliveries to notify_url in a row.",
     number_notify_failures},
};

static void put_metric_head(FILE *out, const char *name, const char *help)
{
    fprintf(out, "# HELP orgtrust_%s %s\n# TYPE orgtrust_%s gauge\n", name, help, name);
}

static void put_number(FILE *out, double number)
{
    if (isinf(number))
        fprintf(out, " +Inf\n");
    else
        fprintf(out, " %.0f\n", number);
}

static void put_source_metrics(FILE *out, const struct ot_machine_report *machine)
{
    for (size_t m = 0; m < sizeof(source_metrics) / sizeof(source_metrics[0]); m++) {
        put_metric_head(out, source_metrics[m].name, source_metrics[m].help);
        for (size_t i = 0; i < machine->count; i++) {
            const struct ot_source_report *report = &machine->sources[i];
            double number = source_metrics[m].number(machine, report);

            if (isnan(number))
                continue;
            fprintf(out, "orgtrust_%s{source=\"%s\"}", source_metrics[m].name,
                    report->source->name);
            put_number(out, number);
        }
    }
}

static void put_counted(FILE *out, const char *metric, const struct ot_source *source,
                        const char *label, const char *value, size_t count)
{
    fprintf(out, "orgtrust_%s{source=\"%s\",%s=\"%s\"} %zu\n", metric, source->name,
            label, value, count);
}

/* Each certificate is in one state, and may need attention for several reasons. */
static void put_certificate_counts(FILE *out, const struct ot_machine_report *machine)
{
    put_metric_head(out, "certificates", "Certificates in the snapshot.");
    for (size_t i = 0; i < machine->count; i++) {
        const struct ot_source_report *report = &machine->sources[i];

        if (!report->has_snapshot)
            continue;
        put_counted(out, "certificates", report->source, "state", "active",
                    report->active);
        put_counted(out, "certificates", report->source, "state", "inactive",
                    report->inactive);
        put_counted(out, "certificates", report->source, "state", "quarantined",
                    report->quarantined);
    }
    put_metric_head(out, "certificates_attention", "Certificates that need attention.");
    for (size_t i = 0; i < machine->count; i++) {
        const struct ot_source_report *report = &machine->sources[i];

        for (int kind = 0; report->has_snapshot && kind < OT_ATTENTION_COUNT; kind++)
            put_counted(out, "certificates_attention", report->source, "reason",
                        ot_attention_word((enum ot_attention)kind),
                        report->attention[kind].count);
    }
}

/* As the format has it for the value of a label. */
static void put_label_value(FILE *out, struct ot_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = (char)text.data[i];

        if (c == '\n')
            fputs("\\n", out);
        else if (c == '\\' || c == '"')
            fprintf(out, "\\%c", c);
        else
            fputc(c, out);
    }
}

static enum ot_status put_each_certificate(FILE *out,
                                           const struct ot_source_report *report,
                                           struct ot_error *err)
{
    struct ot_record record;

    for (uint32_t i = 0; report->has_snapshot && i < report->all.count; i++) {
        enum ot_status status =
            ot_snapshot_record(report->snapshot, &report->all, i, &record, err);

        if (status != OT_OK)
            return status;
        if ((record.flags & OT_RECORD_ACTIVE) == 0)
            continue;
        fprintf(out, "orgtrust_certificate_end_timestamp_seconds{source=\"%s\",id=\"",
                report->source->name);
        put_label_value(out, record.field[OT_FIELD_ID]);
        fprintf(out, "\",name=\"");
        put_label_value(out, record.field[OT_FIELD_NAME]);
        fprintf(out, "\"} %lld\n", (long long)record.expires_at);
    }
    return OT_OK;
}

static enum ot_status put_certificates(FILE *out, const struct ot_machine_report *machine,
                                       bool per_certificate, struct ot_error *err)
{
    enum ot_status status = OT_OK;
    bool has_head = false;

    for (size_t i = 0; status == OT_OK && i < machine->count; i++) {
        const struct ot_source_report *report = &machine->sources[i];

        if (!per_certificate && !report->source->metrics_certificates)
            continue;
        if (!has_head)
            put_metric_head(out, "certificate_end_timestamp_seconds",
                            "When an active certificate expires.");
        has_head = true;
        status = put_each_certificate(out, report, err);
    }
    return status;
}

enum ot_status ot_machine_metrics_make(char **text, size_t *len,
                                       const struct ot_machine_report *report,
                                       bool per_certificate, struct ot_error *err)
{
    FILE *out = open_memstream(text, len);
    enum ot_status status;

    if (out == NULL)
        return ot_error_nomem(err);
    put_metric_head(out, "build_info", "The version of orgtrust.");
    fprintf(out, "orgtrust_build_info{version=\"%s\"} 1\n", ORGTRUST_VERSION);
    put_metric_head(out, "status_timestamp_seconds", "When these metrics were written.");
    fprintf(out, "orgtrust_status_timestamp_seconds %lld\n", (long long)report->now);
    put_source_metrics(out, report);
    put_certificate_counts(out, report);
    status = put_certificates(out, report, per_certificate, err);
    if (ot_memory_stream_end(out, text) == NULL && status == OT_OK)
        status = ot_error_nomem(err);
    return status;
}
