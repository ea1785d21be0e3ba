/* How a command ended, for the program that runs it (--report-fd): whether it
 * succeeded is not enough for one that stands between a person and the API. */
#ifndef OT_CLI_VIEW_REPORT_H
#define OT_CLI_VIEW_REPORT_H

#include <stdbool.h>

#include "change/change.h"

struct ot_report {
    int fd;    /* -1: nobody wants one */
    bool done; /* the changes that were asked for are made, or were so before */
    char id[OT_ID_MAX + 1]; /* of the one certificate that they are about; else "" */
    char
        sentence[OT_ERROR_MAX]; /* of the first failure that the command printed itself */
};

/* OT_E_USAGE: it is not open for writing. Programs that we start do not inherit it. */
enum ot_status ot_report_open(struct ot_report *report, int fd, struct ot_error *err);

/* What became of a command's changes. */
void ot_report_changes(struct ot_report *report, const struct ot_changes *changes);

/* A failure that is printed now, on standard error; the first of them is reported. */
void ot_report_say(struct ot_report *report, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Lines of a word and its value, in one piece: status, done, id, error. sentence is that
 * of the command where it has not printed its failure itself. Does nothing without fd. */
enum ot_status ot_report_write(const struct ot_report *report, enum ot_status status,
                               const char *sentence, struct ot_error *err);

#endif
