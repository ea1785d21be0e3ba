#include "base/memory_stream.h"
#include "doctor/check_internal.h"
#include "doctor/finding_internal.h"
#include "doctor/report_internal.h"
#include "doctor/trial_internal.h"
#include "view/json_build.h"
#include "view/output.h"
#include "view/wrap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARGIN 23       /* as wide as the two columns */
#define NARROW_MARGIN 4 /* of the further lines, where that leaves too little */
#define NARROW_TERMINAL 50
#define ARROW "-> "

/* Somebody copies it: it is not broken, and begins further left where it is too long. */
static void print_command(struct ot_output *out, const char *fix)
{
    int indent = MARGIN;

    if (out->columns > 0 &&
        MARGIN + (int)strlen(ARROW) + ot_output_width(fix) > out->columns)
        indent = NARROW_MARGIN;
    ot_output_printf(out, "%*s" ARROW, indent, "");
    ot_output_text(out, fix, strlen(fix));
    ot_output_printf(out, "\n");
}

/* Whether one sentence does for both, of things that nothing is to be done about. */
static bool says_the_same(const struct ot_finding *a, const struct ot_finding *b)
{
    return strcmp(a->part, b->part) == 0 && a->verdict == b->verdict &&
           a->subject != NULL && b->subject != NULL && a->fix == NULL && b->fix == NULL &&
           strcmp(a->sentence, b->sentence) == 0;
}

/* "/usr/bin/curl, /usr/bin/wget: reads …"; NULL: out of memory. */
static char *finding_text(const struct ot_finding *finding, size_t count)
{
    char *text = NULL;
    size_t len;
    FILE *to = open_memstream(&text, &len);

    if (to == NULL)
        return NULL;
    for (size_t i = 0; i < count && finding->subject != NULL; i++)
        fprintf(to, "%s%s", finding[i].subject, i + 1 < count ? ", " : ": ");
    fputs(finding->sentence, to);
    return ot_memory_stream_end(to, &text);
}

/* So many that say the same. */
static void print_findings(struct ot_output *out, const struct ot_finding *finding,
                           size_t count)
{
    const int indent =
        out->columns > 0 && out->columns < NARROW_TERMINAL ? NARROW_MARGIN : MARGIN;
    char *text = finding_text(finding, count);

    ot_output_printf(out, "%-9s  %-10s  ", finding->part,
                     ot_verdict_text(finding->verdict));
    if (text == NULL) {
        out->first_errno = out->first_errno ? out->first_errno : ENOMEM;
        return;
    }
    ot_wrap_text(out, MARGIN, indent, text);
    free(text);
    ot_output_printf(out, "\n");
    if (finding->fix != NULL)
        print_command(out, finding->fix);
}

void ot_doctor_print(struct ot_output *out, const struct ot_doctor *doctor,
                     const struct ot_check *check)
{
    const struct ot_finding *items = doctor->findings.items;
    size_t count = 1;

    for (size_t i = 0; i < doctor->findings.count; i += count) {
        count = 1;
        while (i + count < doctor->findings.count &&
               says_the_same(&items[i], &items[i + count]))
            count++;
        if (strcmp(items[i].part, check->name) == 0)
            print_findings(out, &items[i], count);
    }
}

static void put_finding(cJSON *object, const struct ot_finding *finding, bool *failed)
{
    const struct ot_three_trials *trials = &finding->trials;
    cJSON *handshakes = NULL;

    ot_json_put_string(object, "subject", finding->subject, failed);
    ot_json_put_string(object, "result", ot_verdict_word(finding->verdict), failed);
    ot_json_put_string(object, "detail", finding->sentence, failed);
    ot_json_put_string(object, "fix", finding->fix, failed);
    if (trials->each[0] == OT_TRIAL_NONE) {
        ot_json_put_string(object, "handshakes", NULL, failed);
        return;
    }
    handshakes = cJSON_CreateObject();
    for (size_t i = 0; i < OT_TRIALS; i++)
        ot_json_put_string(handshakes, ot_trials_step(trials->kind, i),
                           ot_trial_word(trials->each[i]), failed);
    ot_json_put(object, "handshakes", handshakes, failed);
}

void ot_doctor_json(cJSON *array, const struct ot_doctor *doctor,
                    const struct ot_check *check, bool *failed)
{
    const struct ot_findings *findings = &doctor->findings;
    cJSON *object = ot_json_append_object(array, failed), *list;

    ot_json_put_string(object, "check", check->name, failed);
    ot_json_put_string(object, "result",
                       ot_verdict_word(ot_findings_verdict(findings, check->name)),
                       failed);
    list = ot_json_put_array(object, "findings", failed);
    for (size_t i = 0; i < findings->count; i++)
        if (strcmp(findings->items[i].part, check->name) == 0)
            put_finding(ot_json_append_object(list, failed), &findings->items[i], failed);
}
