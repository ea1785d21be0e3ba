/* The line that doctor ends with. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory_stream.h"
#include "doctor/finding_internal.h"
#include "doctor/report_internal.h"

#define VERDICT_SENTENCE_MAX 120 /* bytes */

static bool is_first_of_part(const struct ot_findings *findings, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (strcmp(findings->items[i].part, findings->items[at].part) == 0)
            return false;
    return true;
}

/* The names of the parts of a verdict, between commas: how many. */
static size_t print_parts(FILE *out, const struct ot_findings *findings,
                          enum ot_verdict verdict, const char *before)
{
    size_t count = 0;

    for (size_t i = 0; i < findings->count; i++) {
        const char *part = findings->items[i].part;

        if (!is_first_of_part(findings, i) ||
            ot_findings_verdict(findings, part) != verdict)
            continue;
        if (out != NULL)
            fprintf(out, "%s%s", count > 0 ? ", " : before, part);
        count++;
    }
    return count;
}

/* Parts that nothing is wrong with and of which there is something to do, such as a sync:
 * how many. */
static size_t print_remarks(FILE *out, const struct ot_findings *findings)
{
    size_t count = 0;

    for (size_t i = 0; i < findings->count; i++) {
        const struct ot_finding *finding = &findings->items[i];

        if (finding->verdict != OT_VERDICT_NOTE || finding->fix == NULL ||
            ot_findings_verdict(findings, finding->part) > OT_VERDICT_PROVED)
            continue;
        if (out != NULL)
            fprintf(out, "%s%s", count > 0 ? ", " : "; to do: ", finding->part);
        count++;
    }
    return count;
}

/* How much of a sentence the verdict has: whole words, so many as are read at a glance.
 */
static size_t glance_len(const char *sentence)
{
    size_t len = strlen(sentence), cut = VERDICT_SENTENCE_MAX;

    if (len <= VERDICT_SENTENCE_MAX)
        return len;
    while (cut > 0 && sentence[cut] != ' ')
        cut--;
    return cut > 0 ? cut : len;
}

static void print_failures(FILE *out, const struct ot_findings *findings, size_t failing)
{
    const struct ot_finding *finding = findings->items;
    size_t shown;

    if (failing > 1) {
        fprintf(out, "%zu fail", failing);
        print_parts(out, findings, OT_VERDICT_FAILS, ": ");
        return;
    }
    while (finding->verdict != OT_VERDICT_FAILS)
        finding++;
    shown = glance_len(finding->sentence);
    fprintf(out, "1 fails: %s: %s%s%.*s%s", finding->part,
            finding->subject != NULL ? finding->subject : "",
            finding->subject != NULL ? ": " : "", (int)shown, finding->sentence,
            finding->sentence[shown] != '\0' ? " …" : "");
}

static void print_verdict(FILE *out, const struct ot_findings *findings)
{
    size_t failing = print_parts(NULL, findings, OT_VERDICT_FAILS, ""),
           proved = print_parts(NULL, findings, OT_VERDICT_PROVED, ""),
           open = print_parts(NULL, findings, OT_VERDICT_NOT_WIRED, "") +
                  print_parts(NULL, findings, OT_VERDICT_NOT_PROVED, "") +
                  print_remarks(NULL, findings);

    if (failing > 0) {
        print_failures(out, findings, failing);
    } else if (open == 0 && proved > 0) {
        fprintf(out, "all proved: %zu check%s", proved, proved == 1 ? "" : "s");
    } else {
        fprintf(out, "nothing fails; %zu proved", proved);
        print_parts(out, findings, OT_VERDICT_NOT_WIRED, "; not wired: ");
        print_parts(out, findings, OT_VERDICT_NOT_PROVED, "; not proved: ");
        print_remarks(out, findings);
    }
}

char *ot_doctor_verdict(const struct ot_findings *findings)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    if (out == NULL)
        return NULL;
    print_verdict(out, findings);
    return ot_memory_stream_end(out, &text);
}
