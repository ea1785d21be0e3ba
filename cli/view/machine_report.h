/* What `orgtrust status` knows of several sources at once: a report of each, and the
 * exports. */
#ifndef OT_CLI_VIEW_MACHINE_REPORT_H
#define OT_CLI_VIEW_MACHINE_REPORT_H

#include "export/export.h"
#include "view/source_report.h"

struct ot_machine_report {
    struct ot_source_report *sources; /* in the order that was given */
    size_t count;
    struct ot_exports *exports;      /* NULL: nothing is known of them */
    struct ot_error exports_problem; /* why; else OT_OK */
    struct ot_distrust *distrust;
    int64_t now; /* Unix seconds, as of which all of it is */
};

/* Collects it now. soon_s: from how long before its end a certificate is expiring. The
 * sources are of config, and both outlive it. What is wrong with a source or with the
 * exports is part of the report; only OT_E_NOMEM and the like fail.
 * ot_machine_report_clear after success and failure. */
enum ot_status ot_machine_report_make(struct ot_machine_report *report,
                                      const struct ot_config *config,
                                      const struct ot_source *const *sources,
                                      size_t count, int64_t soon_s, struct ot_error *err);
void ot_machine_report_clear(struct ot_machine_report *report);

/* Whether every source has a snapshot that programs use. */
bool ot_machine_report_is_usable(const struct ot_machine_report *report);

#endif
