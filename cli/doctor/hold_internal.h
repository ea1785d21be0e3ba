/* Whether each wired stack holds an anchor to its names, and to a no, by an anchor of
 * doctor's own. */
#ifndef OT_CLI_DOCTOR_HOLD_INTERNAL_H
#define OT_CLI_DOCTOR_HOLD_INTERNAL_H

#include "base/error.h"
#include "doctor/trial_internal.h"

struct ot_doctor;

/* Adds a finding of this part for each stack that is wired and has a program here to try
 * it with. kind: OT_TRIALS_NAMES or OT_TRIALS_NO. */
enum ot_status ot_hold_try(struct ot_doctor *doctor, const char *part,
                           enum ot_trials_kind kind, struct ot_error *err);

#endif
