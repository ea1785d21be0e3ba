/* orgtrust status --json. */
#ifndef OT_CLI_COMMANDS_STATUS_JSON_INTERNAL_H
#define OT_CLI_COMMANDS_STATUS_JSON_INTERNAL_H

#include "view/machine_report.h"
#include "view/output.h"

/* Prints the object that orgtrust(1) and docs/monitoring.md describe. */
enum ot_status ot_status_json(struct ot_output *out,
                              const struct ot_machine_report *machine,
                              struct ot_error *err);

#endif
