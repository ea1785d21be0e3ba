/* orgtrust doctor: what on this machine follows the organization, by trying it. */
#ifndef OT_CLI_DOCTOR_DOCTOR_H
#define OT_CLI_DOCTOR_DOCTOR_H

#include "view/cli.h"

/* For the checks that the command line names, else all. OT_E_BROKEN, with no message,
 * when something that is configured or wired fails; the report has said what. */
ot_command_run ot_cmd_doctor;

/* The checks in turn, with what each is about; NULL: there are no more. */
const char *ot_doctor_check_at(size_t i, const char **summary);

#endif
