#include "doctor/finding_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *word, *text;
} verdicts[] = {
    [OT_VERDICT_ABSENT] = {"absent", "absent"},
    [OT_VERDICT_NOTE] = {"note", "note"},
    [OT_VERDICT_PROVED] = {"proved", "proved"},
    [OT_VERDICT_NOT_WIRED] = {"not-wired", "not wired"},
    [OT_VERDICT_NOT_PROVED] = {"not-proved", "not proved"},
    [OT_VERDICT_FAILS] = {"fails", "fails"},
};

const char *ot_verdict_word(enum ot_verdict verdict)
{
    return verdicts[verdict].word;
}

const char *ot_verdict_text(enum ot_verdict verdict)
{
    return verdicts[verdict].text;
}

static bool copy_or_null(char **to, const char *text)
{
    *to = text != NULL ? strdup(text) : NULL;
    return text == NULL || *to != NULL;
}

static void clear_finding(struct ot_finding *finding)
{
    free(finding->subject);
    free(finding->sentence);
    free(finding->fix);
}

struct ot_finding *ot_finding_add(struct ot_findings *findings, const char *part,
                                  enum ot_verdict verdict, const char *subject,
                                  const char *fix, const char *fmt, ...)
{
    struct ot_finding *items = reallocarray(findings->items, findings->count + 1,
                                            sizeof(*items)),
                      *item;
    va_list args;
    int n;

    findings->is_short = findings->is_short || items == NULL;
    if (items == NULL)
        return NULL;
    findings->items = items;
    item = &items[findings->count];
    *item = (struct ot_finding){.part = part, .verdict = verdict};
    va_start(args, fmt);
    n = vasprintf(&item->sentence, fmt, args);
    va_end(args);
    if (n < 0)
        item->sentence = NULL;
    if (n < 0 || !copy_or_null(&item->subject, subject) ||
        !copy_or_null(&item->fix, fix)) {
        clear_finding(item);
        findings->is_short = true;
        return NULL;
    }
    findings->count++;
    return item;
}

const char *ot_finding_command(const struct ot_error *why, size_t *said)
{
    static const char mark[] = "; run: ";
    const char *at = strstr(why->message, mark);

    *said = at != NULL ? (size_t)(at - why->message) : strlen(why->message);
    return at != NULL ? at + strlen(mark) : NULL;
}

void ot_finding_add_error(struct ot_findings *findings, const char *part,
                          enum ot_verdict verdict, const char *subject,
                          const char *before, const struct ot_error *why)
{
    size_t said;
    const char *command = ot_finding_command(why, &said);

    ot_finding_add(findings, part, verdict, subject, command, "%s%.*s", before, (int)said,
                   why->message);
}

void ot_findings_clear(struct ot_findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        clear_finding(&findings->items[i]);
    free(findings->items);
    *findings = (struct ot_findings){.items = NULL};
}

enum ot_verdict ot_findings_verdict(const struct ot_findings *findings, const char *part)
{
    enum ot_verdict verdict = OT_VERDICT_ABSENT;

    for (size_t i = 0; i < findings->count; i++)
        if (strcmp(findings->items[i].part, part) == 0 &&
            findings->items[i].verdict > verdict)
            verdict = findings->items[i].verdict;
    return verdict;
}
