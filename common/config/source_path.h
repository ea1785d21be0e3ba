/* Where a source's files lie, and what a snapshot says that belongs to it. */
#ifndef OT_CONFIG_SOURCE_PATH_H
#define OT_CONFIG_SOURCE_PATH_H

#include <limits.h>
#include <stdint.h>

#include "base/error.h"

struct ot_source;

/* Files of a source in its cache_dir: NAME.snapshot, NAME.state and so on. */
#define OT_SOURCE_SNAPSHOT "snapshot"
#define OT_SOURCE_PARTIAL "partial"
#define OT_SOURCE_LISTING "listing"
#define OT_SOURCE_STATE "state"
#define OT_SOURCE_OFFLINE "offline"
#define OT_SOURCE_LOCK "lock"
#define OT_SOURCE_MEMORY "memory"
#define OT_SOURCE_REPORTED "reported"
#define OT_SOURCE_NOTIFY "notify"
#define OT_SOURCE_NOTIFY_STATE "notify-state"
#define OT_SOURCE_NOTIFY_LOCK "notify-lock"

/* cache_dir/NAME.kind into buf (PATH_MAX bytes); OT_E_CONFIG when it is too long. */
enum ot_status ot_source_path(char *buf, const struct ot_source *source, const char *kind,
                              struct ot_error *err);

/* What a snapshot must say of itself to belong to a source: base URL, then the project
 * ("alone": without what is active in the organization) or the organization. A string
 * that the caller frees; NULL: out of memory. */
char *ot_source_scope(const struct ot_source *source);

/* A number for the limits (names, not_after) that it was written under, which is another
 * for others; 0: there are none. */
uint64_t ot_source_limits(const struct ot_source *source);

#endif
