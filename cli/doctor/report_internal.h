/* Findings, for people and for programs. */
#ifndef OT_CLI_DOCTOR_REPORT_INTERNAL_H
#define OT_CLI_DOCTOR_REPORT_INTERNAL_H

#include <cjson/cJSON.h>
#include <stdbool.h>

struct ot_check;
struct ot_doctor;
struct ot_findings;
struct ot_output;

/* Those of one check. */
void ot_doctor_print(struct ot_output *out, const struct ot_doctor *doctor,
                     const struct ot_check *check);
void ot_doctor_json(cJSON *array, const struct ot_doctor *doctor,
                    const struct ot_check *check, bool *failed);

/* What all of it comes to, in one line: "all proved: 9 checks", "1 fails: java: …". The
 * caller frees it; NULL: out of memory. */
char *ot_doctor_verdict(const struct ot_findings *findings);

#endif
