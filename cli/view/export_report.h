/* How the exports that a source takes part in stand, for `orgtrust status`. */
#ifndef OT_CLI_VIEW_EXPORT_REPORT_H
#define OT_CLI_VIEW_EXPORT_REPORT_H

#include "export/export.h"
#include "view/json_build.h"
#include "view/output.h"

/* exports may be NULL: nothing is known of them. */
void ot_export_report_print(struct ot_output *out, const struct ot_exports *exports,
                            const struct ot_source *source);
void ot_export_report_json(cJSON *object, const struct ot_exports *exports,
                           const struct ot_source *source, bool *failed);

/* How many there are, and how many of these are not in step. */
struct ot_export_count {
    size_t all, failing;
};
struct ot_export_count ot_export_report_count(const struct ot_exports *exports,
                                              const struct ot_source *source);

#endif
