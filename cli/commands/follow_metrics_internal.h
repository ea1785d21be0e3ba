/* The files that metrics_file names, written after each sync. */
#ifndef OT_CLI_COMMANDS_FOLLOW_METRICS_INTERNAL_H
#define OT_CLI_COMMANDS_FOLLOW_METRICS_INTERNAL_H

#include "config/config.h"
#include "view/report.h"

/* Each file once, with the metrics of every source of the configuration that names it,
 * whichever was synced. Prints what fails; returns the status of the first failure. */
enum ot_status ot_follow_metrics(const struct ot_config *config,
                                 struct ot_report *report);

#endif
