/* How a sync went, as text for a person and as JSON for a program; shared by sync and
 * watch. */
#ifndef OT_CLI_VIEW_SYNC_REPORT_H
#define OT_CLI_VIEW_SYNC_REPORT_H

#include <cjson/cJSON.h>

#include "sync/sync.h"

/* "default: 217 active of 300, 3 added, 1 removed; 3 requests". result is looked at only
 * after OT_OK, else the line is the error's. */
void ot_sync_report_line(char *buf, size_t size, const struct ot_source *source,
                         const struct ot_sync_result *result);

/* The same as an object; NULL: out of memory. */
cJSON *ot_sync_report_json(const struct ot_source *source, enum ot_status status,
                           const struct ot_sync_result *result,
                           const struct ot_error *err);

/* On standard error: each certificate that is quarantined or withheld, with its reason,
 * up to a screenful. */
void ot_sync_report_kept_back(const struct ot_source *source);

#endif
