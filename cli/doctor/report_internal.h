/* Findings, for people and for programs. */
#ifndef OT_CLI_DOCTOR_REPORT_INTERNAL_H
#define OT_CLI_DOCTOR_REPORT_INTERNAL_H

#include <cjson/cJSON.h>
#include <stdbool.h>

struct ot_check;
struct ot_doctor;
struct ot_output;

/* Those of one check. */
void ot_doctor_print(struct ot_output *out, const struct ot_doctor *doctor,
                     const struct ot_check *check);
void ot_doctor_json(cJSON *array, const struct ot_doctor *doctor,
                    const struct ot_check *check, bool *failed);

#endif
