/* Changes to certificates, as text for a person and as JSON for a program. */
#ifndef OT_CLI_VIEW_CHANGE_REPORT_H
#define OT_CLI_VIEW_CHANGE_REPORT_H

#include "change/change.h"
#include "view/json_build.h"
#include "view/output.h"

enum ot_change_tense {
    OT_CHANGE_PLAN,  /* "activate": before it is asked for */
    OT_CHANGE_WOULD, /* "would activate": a dry run */
    OT_CHANGE_PAST   /* "activated", "not activated": what came of it */
};

/* A line each. */
void ot_change_report_print(struct ot_output *out, const struct ot_changes *changes,
                            enum ot_change_tense tense);

/* "in all: 2 to upload, 1 to deactivate": what is planned; nothing where nothing is. */
void ot_change_report_totals(struct ot_output *out, const struct ot_changes *changes);

/* Why something failed, on standard error; said once of a whole batch. False: there was
 * nothing to say. */
bool ot_change_report_failures(const struct ot_changes *changes);

/* Appends {action, outcome, id, name, before, file, sha256, project, until, status,
 * error} of each. */
void ot_change_report_json(cJSON *array, const struct ot_changes *changes, bool *failed);

#endif
