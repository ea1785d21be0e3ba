/* What was found out: one finding a thing that was looked at. */
#ifndef OT_CLI_DOCTOR_FINDING_INTERNAL_H
#define OT_CLI_DOCTOR_FINDING_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "doctor/trial_internal.h"

/* In the order of what makes a whole of several: the last one counts. */
enum ot_verdict {
    OT_VERDICT_ABSENT,     /* this machine or user does not have it */
    OT_VERDICT_NOTE,       /* a remark, nothing was tried */
    OT_VERDICT_PROVED,     /* what the sentence says was seen in this run */
    OT_VERDICT_NOT_WIRED,  /* it is here and does not ask orgtrust */
    OT_VERDICT_NOT_PROVED, /* wired, as far as files tell; nothing here can try it */
    OT_VERDICT_FAILS       /* wired, tried, and does not do what it should */
};

struct ot_finding {
    const char *part; /* "openssl": the check's name */
    enum ot_verdict verdict;
    char *subject;  /* which of several: a path, a program; NULL: there is one */
    char *sentence; /* what was found, on one line */
    char *fix; /* a command that mends it; NULL: the sentence says what can be done */
    struct ot_three_trials trials;
};

struct ot_findings {
    struct ot_finding *items;
    size_t count;
    bool is_short; /* out of memory: some are missing */
};

/* Adds one; subject and fix may be NULL. Valid until the next; NULL: out of memory. */
struct ot_finding *ot_finding_add(struct ot_findings *findings, const char *part,
                                  enum ot_verdict verdict, const char *subject,
                                  const char *fix, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));

/* Adds what an error says, behind before. What follows "; run: " in its sentence is the
 * fix. */
void ot_finding_add_error(struct ot_findings *findings, const char *part,
                          enum ot_verdict verdict, const char *subject,
                          const char *before, const struct ot_error *why);
/* The command that an error ends with, behind "; run: "; NULL: none. *said: how much of
 * the message comes before it. */
const char *ot_finding_command(const struct ot_error *why, size_t *said);
void ot_findings_clear(struct ot_findings *findings);

/* "proved", "not-wired": stable, for programs; with a space for people. */
const char *ot_verdict_word(enum ot_verdict verdict);
const char *ot_verdict_text(enum ot_verdict verdict);

/* Of all findings of a part, the one that counts; ABSENT without any. */
enum ot_verdict ot_findings_verdict(const struct ot_findings *findings, const char *part);

#endif
