/* Findings, for people and for programs. */
#ifndef OT_CLI_DOCTOR_REPORT_INTERNAL_H
#define OT_CLI_DOCTOR_REPORT_INTERNAL_H

#include "doctor/check_internal.h"
#include "view/json_build.h"
#include "view/output.h"

/* Those of one check. */
void ot_doctor_print(struct ot_output *out, const struct ot_doctor *doctor,
                     const struct ot_check *check);
void ot_doctor_json(cJSON *array, const struct ot_doctor *doctor,
                    const struct ot_check *check, bool *failed);

#endif
