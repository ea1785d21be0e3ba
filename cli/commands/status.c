/* orgtrust status: how fresh each snapshot is and what in it needs attention. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cache/state.h"
#include "commands/commands.h"
#include "commands/source_use.h"
#include "commands/status_check.h"
#include "commands/status_json_internal.h"
#include "config/purpose.h"
#include "config/source.h"
#include "config/source_path.h"
#include "notify/notify.h"
#include "view/export_report.h"
#include "view/machine_metrics.h"
#include "view/machine_report.h"
#include "view/named_file.h"

/* Of the paragraph; what each certificate is or does. */
static const char *const attention_titles[OT_ATTENTION_COUNT] = {
    [OT_ATTENTION_QUARANTINED] = "quarantined, handed to nobody",
    [OT_ATTENTION_WITHHELD] = "active, but withheld where programs share",
    [OT_ATTENTION_FUTURE] = "active, but not valid yet",
    [OT_ATTENTION_SAME_SERIAL] = "with the issuer and serial number of another: NSS "
                                 "takes only one of them",
    [OT_ATTENTION_SAME_NAME] = "without a key identifier, with the name of another that "
                               "has another key: OpenSSL tries only one of them",
    [OT_ATTENTION_LONG_KEY_ID] = "with a key identifier of more than 128 bytes, which "
                                 "GnuTLS does not read",
    [OT_ATTENTION_EXPIRED] = "active, but expired",
    [OT_ATTENTION_EXPIRING] = "active, expiring within",
    [OT_ATTENTION_NOT_CA] = "active, but not a CA: vouches for no other",
    [OT_ATTENTION_WARNING] = "with a warning",
};

static void print_source_limits(struct ot_output *out,
                                const struct ot_source_report *report)
{
    const struct ot_source *source = report->source;
    char end[OT_TIME_MAX];

    if (ot_source_limits(source) == 0)
        return;
    if (source->names != NULL)
        ot_output_printf(out,
                         "  names         %s and nothing else: %u limited to them, and "
                         "withheld from Java, which holds no anchor to that%s\n",
                         source->names, report->limited,
                         ot_export_spares_system(source)
                             ? ", and from the system's store, of which Java's is made"
                             : "");
    if (source->not_after_s != 0)
        ot_output_printf(out, "  not after     %s\n",
                         ot_output_time(end, source->not_after_s));
}

static void print_refresh(struct ot_output *out, const struct ot_source_report *report,
                          int64_t now)
{
    char time[OT_TIME_MAX], span[OT_TIME_MAX];

    ot_output_printf(out, "  next refresh  ");
    if (report->next_refresh <= now)
        ot_output_printf(out, "due\n");
    else
        ot_output_printf(out, "in %s (%s)\n",
                         ot_text_span(span, report->next_refresh - now),
                         ot_output_time(time, report->next_refresh));
    if (report->state.failures > 0)
        ot_output_printf(out, "  last error    %s, %u in a row: %s\n",
                         ot_output_time(time, report->state.attempt_at),
                         report->state.failures, report->state.last.message);
    if (report->state_problem.status != OT_OK)
        ot_output_printf(out, "  state file    %s\n", report->state_problem.message);
}

/* As the API said at the last sync. */
static void print_key_end(struct ot_output *out, const struct ot_source_report *report,
                          int64_t now)
{
    char time[OT_TIME_MAX], span[OT_TIME_MAX];
    int64_t ends_at = report->state.key_ends_at;

    if (ends_at == 0)
        return;
    if (ends_at <= now)
        ot_output_printf(out,
                         "  admin key     ended at %s: without a new one nothing new "
                         "is seen\n",
                         ot_output_time(time, ends_at));
    else
        ot_output_printf(out, "  admin key     ends in %s (%s)%s\n",
                         ot_text_span(span, ends_at - now), ot_output_time(time, ends_at),
                         ends_at - now < report->soon_s ? ": ask for a new one in time"
                                                        : "");
}

static void print_entry(struct ot_output *out, enum ot_attention kind,
                        const struct ot_record *record)
{
    const struct ot_span *id = &record->field[OT_FIELD_ID];
    const struct ot_span *label = &record->field[OT_FIELD_LABEL];
    const struct ot_span *note = &record->field[OT_FIELD_NOTE];
    char time[OT_TIME_MAX], places[OT_PLACES_TEXT_MAX];

    ot_output_printf(out, "    %.*s  ", (int)id->len, (const char *)id->data);
    ot_output_text(out, (const char *)label->data, label->len);
    if (kind == OT_ATTENTION_EXPIRED || kind == OT_ATTENTION_EXPIRING)
        ot_output_printf(out, "  %s", ot_output_time(time, record->expires_at));
    if (kind == OT_ATTENTION_FUTURE)
        ot_output_printf(out, "  %s", ot_output_time(time, record->valid_at));
    if (kind == OT_ATTENTION_WITHHELD) {
        note = &record->field[OT_FIELD_WITHHELD];
        ot_output_printf(out, "  from %s", ot_record_places(places, record));
    }
    if ((kind == OT_ATTENTION_QUARANTINED || kind == OT_ATTENTION_WARNING ||
         kind == OT_ATTENTION_WITHHELD) &&
        note->data != NULL) {
        ot_output_printf(out, ": ");
        ot_output_text(out, (const char *)note->data, note->len);
    }
    ot_output_printf(out, "\n");
}

static void print_title(struct ot_output *out, const struct ot_source_report *report,
                        enum ot_attention kind)
{
    bool has_span = kind == OT_ATTENTION_EXPIRING;
    char span[OT_TIME_MAX];

    ot_output_printf(out, "  %zu %s%s%s:\n", report->attention[kind].count,
                     attention_titles[kind], has_span ? " " : "",
                     has_span ? ot_text_span(span, report->soon_s) : "");
}

static enum ot_status print_attention(struct ot_output *out,
                                      const struct ot_source_report *report,
                                      struct ot_error *err)
{
    for (int kind = 0; kind < OT_ATTENTION_COUNT; kind++) {
        size_t count = report->attention[kind].count;

        if (count > 0)
            print_title(out, report, (enum ot_attention)kind);
        for (size_t i = 0; i < count; i++) {
            struct ot_record record;
            enum ot_status status =
                ot_source_report_record(report, (enum ot_attention)kind, i, &record, err);

            if (status != OT_OK)
                return status;
            print_entry(out, (enum ot_attention)kind, &record);
        }
    }
    return OT_OK;
}

/* A failure is worth a line, and what is still waiting. */
static void print_notify(struct ot_output *out, const struct ot_source *source)
{
    char time[OT_TIME_MAX];
    struct ot_state state;

    if (source->notify_url == NULL)
        return;
    ot_notify_state(&state, source, NULL);
    if (state.failures > 0)
        ot_output_printf(out, "  notify        %s, %u in a row: %s\n",
                         ot_output_time(time, state.attempt_at), state.failures,
                         state.last.message);
    else if (ot_notify_is_due(source))
        ot_output_printf(out, "  notify        waiting to be delivered\n");
}

static enum ot_status print_report(struct ot_output *out,
                                   const struct ot_source_report *report,
                                   const struct ot_exports *exports, int64_t now,
                                   struct ot_error *err)
{
    const struct ot_source *source = report->source;
    char time[OT_TIME_MAX], span[OT_TIME_MAX], words[OT_PURPOSES_TEXT_MAX];

    ot_output_printf(out, "%s: %s\n", source->name, report->word);
    ot_output_printf(out, "  scope         %s, %s%s\n", source->base_url,
                     source->project ? "project " : "the organization",
                     source->project ? source->project : "");
    if (ot_source_distrusts(source))
        ot_output_printf(
            out,
            "  meaning       distrust: nobody who asks orgtrust believes what "
            "is active here%s\n",
            ot_purposes_denied_text(words, source->purposes));
    if (report->problem.status != OT_OK)
        ot_output_printf(out, "  problem       %s\n", report->problem.message);
    if (report->has_snapshot) {
        ot_output_printf(
            out, "  certificates  %u: %u active, %u inactive, %u quarantined\n",
            report->total, report->active, report->inactive, report->quarantined);
        if (report->freshness.future)
            ot_output_printf(out, "  last seen     %s, which is in the future\n",
                             ot_output_time(time, report->freshness.seen_at));
        else
            ot_output_printf(out, "  last seen     %s ago (%s)\n",
                             ot_text_span(span, report->freshness.age_s),
                             ot_output_time(time, report->freshness.seen_at));
    }
    print_source_limits(out, report);
    print_refresh(out, report, now);
    print_key_end(out, report, now);
    ot_export_report_print(out, exports, source);
    print_notify(out, source);
    return print_attention(out, report, err);
}

/* How long before its end something is told of. */
static enum ot_status parse_expiring(int64_t *soon_s, const char *text,
                                     struct ot_error *err)
{
    int64_t ms = text != NULL ? ot_text_duration_ms(text) : 0;

    *soon_s = text != NULL ? ms / 1000 : OT_EXPIRES_SOON_S;
    if (text != NULL && ms < 1000)
        return ot_error_set(err, OT_E_USAGE,
                            "--expiring takes a time of a second or more, such as 12h, "
                            "30d or 8w");
    return OT_OK;
}

static enum ot_status print_reports(struct ot_cli *cli,
                                    const struct ot_machine_report *machine,
                                    struct ot_error *err)
{
    enum ot_status status = OT_OK;

    for (size_t i = 0; status == OT_OK && i < machine->count; i++)
        status = print_report(&cli->out, &machine->sources[i], machine->exports,
                              machine->now, err);
    return status;
}

/* All that is wrong has been said when it fails of a source or of the exports. */
static enum ot_status tell_status(struct ot_cli *cli, const struct ot_config *config,
                                  const struct ot_machine_report *machine,
                                  struct ot_error *err)
{
    enum ot_status status;

    ot_output_advise(config);
    if (machine->exports_problem.status != OT_OK)
        ot_output_fail("%s", machine->exports_problem.message);
    status = cli->options.json ? ot_status_json(&cli->out, machine, err)
                               : print_reports(cli, machine, err);
    if (status == OT_OK && !ot_machine_report_is_usable(machine))
        return OT_E_NO_SNAPSHOT;
    return status == OT_OK ? machine->exports_problem.status : status;
}

static enum ot_status write_metrics(const struct ot_options *options,
                                    const struct ot_machine_report *machine,
                                    struct ot_error *err)
{
    char *text = NULL;
    size_t len = 0;
    enum ot_status status =
        ot_machine_metrics_make(&text, &len, machine, options->per_certificate, err);

    if (status == OT_OK)
        status = ot_named_file_write(options->prometheus, text, len, err);
    free(text);
    return status;
}

static enum ot_status check_status_options(const struct ot_options *options,
                                           struct ot_error *err)
{
    if (options->check && options->json)
        return ot_error_set(err, OT_E_USAGE,
                            "--check and --json exclude each other: a check is one line");
    if (options->prometheus != NULL && (options->check || options->json))
        return ot_error_set(err, OT_E_USAGE,
                            "--prometheus writes metrics and nothing else: leave out %s",
                            options->check ? "--check" : "--json");
    if (options->per_certificate && options->prometheus == NULL)
        return ot_error_set(err, OT_E_USAGE, "--per-certificate is for --prometheus");
    return OT_OK;
}

enum ot_status ot_cmd_status(struct ot_cli *cli, struct ot_error *err)
{
    struct ot_machine_report machine = {0};
    struct ot_config *config = NULL;
    const struct ot_source **sources = NULL;
    size_t count = 0;
    int64_t soon_s = 0;
    enum ot_status status = check_status_options(&cli->options, err);

    if (status == OT_OK)
        status = parse_expiring(&soon_s, cli->options.expiring, err);
    if (status == OT_OK)
        status = ot_config_load(&config, err);
    if (status == OT_OK)
        status = ot_command_sources(&cli->options, config, &sources, &count, err);
    if (status == OT_OK)
        status = ot_machine_report_make(&machine, config, sources, count, soon_s, err);
    if (status == OT_OK && cli->options.check)
        ot_status_check(cli, &machine);
    else if (status == OT_OK && cli->options.prometheus != NULL)
        status = write_metrics(&cli->options, &machine, err);
    else if (status == OT_OK)
        status = tell_status(cli, config, &machine, err);
    ot_machine_report_clear(&machine);
    free(sources);
    ot_config_free(config);
    return status;
}
