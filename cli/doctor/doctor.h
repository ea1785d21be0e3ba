/* orgtrust doctor: what on this machine follows the organization, by trying it. */
#ifndef OT_CLI_DOCTOR_DOCTOR_H
#define OT_CLI_DOCTOR_DOCTOR_H

#include "command.h"

/* For the checks that the command line names, else all. OT_E_BROKEN, with no message,
 * when something that is configured or wired fails; the report has said what. */
enum ot_status ot_doctor_run(struct ot_cli *cli, struct ot_error *err);

#endif
