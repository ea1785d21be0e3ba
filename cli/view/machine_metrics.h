/* What `orgtrust status` knows, as metrics: Prometheus' text format 0.0.4, which
 * node_exporter's textfile collector reads. Times are absolute, since a file is read for
 * long after it was written. */
#ifndef OT_CLI_VIEW_MACHINE_METRICS_H
#define OT_CLI_VIEW_MACHINE_METRICS_H

#include "view/machine_report.h"

/* The text, which the caller frees. Every source has the label `source`. Of a source that
 * has metrics_certificates, and with per_certificate of each, there is also a line for
 * each active certificate; they are as many as an organization likes. OT_E_NOMEM, and
 * OT_E_CORRUPT as ot_snapshot_record. */
enum ot_status ot_machine_metrics_make(char **text, size_t *len,
                                       const struct ot_machine_report *report,
                                       bool per_certificate, struct ot_error *err);

#endif
