/* From the API to the snapshot, all or nothing. */
#ifndef OT_SYNC_SYNC_H
#define OT_SYNC_SYNC_H

#include "base/error.h"

struct ot_source;
struct ot_sync_options;
struct ot_sync_result;

/* Syncs one source: takes its lock, lists every page, gets content only for new ids,
 * writes the snapshot or just its time, records how it went in the state file. On failure
 * the earlier snapshot is untouched and the state says why and when to try again. */
enum ot_status ot_sync(const struct ot_source *source,
                       const struct ot_sync_options *options,
                       struct ot_sync_result *result, struct ot_error *err);

#endif
