#include "commands/status_check.h"

#include <stdarg.h>
#include <string.h>

#include "base/text.h"
#include "config/source.h"
#include "notify/notify.h"
#include "view/export_report.h"

/* A monitoring server shows a line of some hundred characters, and cuts more off. */
#define CHECK_LINE_MAX 2048

/* How often in a row a sync fails before it is worth a look: once is a network's bad
 * minute. */
#define FAILURES_WORTH_A_LOOK 3

/* And how many times refresh_interval the last sight is ago. */
#define INTERVALS_WORTH_A_LOOK 3

/* What is found, by how bad it is, so that the worst is said first. */
struct check_findings {
    char line[OT_CHECK_UNKNOWN][CHECK_LINE_MAX];
};

static const char *const check_words[] = {
    [OT_CHECK_OK] = "OK",
    [OT_CHECK_WARNING] = "WARNING",
    [OT_CHECK_CRITICAL] = "CRITICAL",
    [OT_CHECK_UNKNOWN] = "UNKNOWN",
};

__attribute__((format(printf, 4, 5))) static void
add_finding(struct check_findings *findings, enum ot_check how_bad, const char *subject,
            const char *fmt, ...)
{
    char *line = findings->line[how_bad];
    size_t len = strlen(line);
    va_list args;

    if (len < CHECK_LINE_MAX - 1)
        len += (size_t)snprintf(line + len, CHECK_LINE_MAX - len,
                                "%s%s: ", len > 0 ? "; " : "", subject);
    va_start(args, fmt);
    if (len < CHECK_LINE_MAX - 1)
        vsnprintf(line + len, CHECK_LINE_MAX - len, fmt, args);
    va_end(args);
}

/* Whether the source is seen as it is, and will be. */
static void check_sight(struct check_findings *findings,
                        const struct ot_source_report *report, int64_t now)
{
    const struct ot_state *state = &report->state;
    const char *name = report->source->name;
    char span[OT_TIME_MAX];

    if (report->problem.status != OT_OK)
        add_finding(findings, OT_CHECK_CRITICAL, name, "%s", report->problem.message);
    else if (report->freshness.age_s / INTERVALS_WORTH_A_LOOK >
             report->source->refresh_interval_s)
        add_finding(findings, OT_CHECK_WARNING, name, "last seen %s ago",
                    ot_text_span(span, report->freshness.age_s));
    if (state->failures >= FAILURES_WORTH_A_LOOK)
        add_finding(findings, OT_CHECK_WARNING, name,
                    "%u failed syncs in a row, the last: %s", state->failures,
                    state->last.message);
    if (state->key_ends_at == 0 || state->key_ends_at - now >= report->soon_s)
        return;
    if (state->key_ends_at <= now)
        add_finding(findings, OT_CHECK_CRITICAL, name, "the admin key ended %s ago",
                    ot_text_span(span, now - state->key_ends_at));
    else
        add_finding(findings, OT_CHECK_WARNING, name, "the admin key ends in %s",
                    ot_text_span(span, state->key_ends_at - now));
}

/* Whether what is seen gets to those that it is for. */
static void check_followers(struct check_findings *findings,
                            const struct ot_source_report *report,
                            const struct ot_exports *exports)
{
    struct ot_export_count count = ot_export_report_count(exports, report->source);
    const char *name = report->source->name;
    struct ot_state notify = {0};

    if (count.failing > 0)
        add_finding(findings, OT_CHECK_WARNING, name, "%zu of %zu exports not in step",
                    count.failing, count.all);
    if (report->source->notify_url == NULL)
        return;
    ot_notify_state(&notify, report->source, NULL);
    if (notify.failures > 0)
        add_finding(findings, OT_CHECK_WARNING, name, "notify_url: %s",
                    notify.last.message);
}

/* What is odd about certificates. */
static void check_certificates(struct check_findings *findings,
                               const struct ot_source_report *report)
{
    static const struct {
        enum ot_attention attention;
        const char *one, *many;
    } oddities[] = {
        {OT_ATTENTION_EXPIRED, "certificate is active and expired",
         "certificates are active and expired"},
        {OT_ATTENTION_EXPIRING, "certificate expires within",
         "certificates expire within"},
        {OT_ATTENTION_QUARANTINED, "certificate is quarantined",
         "certificates are quarantined"},
        {OT_ATTENTION_WITHHELD, "certificate is withheld", "certificates are withheld"},
    };
    const char *name = report->source->name;
    char span[OT_TIME_MAX];

    for (size_t i = 0; i < sizeof(oddities) / sizeof(oddities[0]); i++) {
        size_t count = report->attention[oddities[i].attention].count;
        bool has_span = oddities[i].attention == OT_ATTENTION_EXPIRING;

        if (count > 0)
            add_finding(findings, OT_CHECK_WARNING, name, "%zu %s%s%s", count,
                        count == 1 ? oddities[i].one : oddities[i].many,
                        has_span ? " " : "",
                        has_span ? ot_text_span(span, report->soon_s) : "");
    }
}

/* A bar would begin the figures of a check. */
static void print_check(struct ot_output *out, enum ot_check how_bad, char *text)
{
    for (char *bar = text; (bar = strchr(bar, '|')) != NULL; bar++)
        *bar = '/';
    ot_output_printf(out, "ORGTRUST %s: ", check_words[how_bad]);
    ot_output_text(out, text, strlen(text));
    ot_output_printf(out, "\n");
}

static void describe_good(char *line, size_t size,
                          const struct ot_machine_report *machine)
{
    char span[OT_TIME_MAX];
    int64_t oldest_s = 0;
    size_t active = 0;

    for (size_t i = 0; i < machine->count; i++) {
        active += machine->sources[i].active;
        if (machine->sources[i].freshness.age_s > oldest_s)
            oldest_s = machine->sources[i].freshness.age_s;
    }
    snprintf(line, size, "%zu source%s, %zu active, seen %s ago", machine->count,
             machine->count == 1 ? "" : "s", active, ot_text_span(span, oldest_s));
}

void ot_status_check(struct ot_cli *cli, const struct ot_machine_report *machine)
{
    struct check_findings findings = {0};
    char line[3 * CHECK_LINE_MAX];
    const char *worst = findings.line[OT_CHECK_CRITICAL];
    const char *warning = findings.line[OT_CHECK_WARNING];

    for (size_t i = 0; i < machine->count; i++) {
        const struct ot_source_report *report = &machine->sources[i];

        check_sight(&findings, report, machine->now);
        check_followers(&findings, report, machine->exports);
        check_certificates(&findings, report);
    }
    if (machine->exports_problem.status != OT_OK)
        add_finding(&findings, OT_CHECK_WARNING, "exports", "%s",
                    machine->exports_problem.message);
    cli->verdict = worst[0] != '\0'     ? OT_CHECK_CRITICAL
                   : warning[0] != '\0' ? OT_CHECK_WARNING
                                        : OT_CHECK_OK;
    if (cli->verdict == OT_CHECK_OK)
        describe_good(line, sizeof(line), machine);
    else
        snprintf(line, sizeof(line), "%s%s%s", worst,
                 worst[0] != '\0' && warning[0] != '\0' ? "; " : "", warning);
    print_check(&cli->out, (enum ot_check)cli->verdict, line);
}

void ot_status_check_unknown(struct ot_output *out, const char *why)
{
    char line[OT_ERROR_MAX];

    snprintf(line, sizeof(line), "%s", why);
    print_check(out, OT_CHECK_UNKNOWN, line);
}
