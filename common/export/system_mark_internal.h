/* What is remembered of what the system was given, or of a no that it was told: a text in
 * /var/lib/orgtrust, which outlives a cache, and whose it is. It is one for the machine:
 * whichever configuration of root's did so last has it. Whether another takes it back
 * depends on whether the one that has it is still there. */
#ifndef OT_EXPORT_SYSTEM_MARK_INTERNAL_H
#define OT_EXPORT_SYSTEM_MARK_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define OT_SYSTEM_MARK_ANCHORS "/var/lib/orgtrust/system-anchors-of"
#define OT_SYSTEM_MARK_CHROMIUM "/var/lib/orgtrust/chromium-policies"
#define OT_SYSTEM_MARK_LIST "/var/lib/orgtrust/system-list"
#define OT_SYSTEM_MARK_BLOCKLIST "/var/lib/orgtrust/system-blocklist"

/* A whole small file as a text, "" where there is none. The caller frees it.
 * OT_E_UNSAFE: it is no text. */
enum ot_status ot_system_text_read(char **text, const char *path, struct ot_error *err);

/* Whether there is one that is for the configuration with this directory (.exports), or
 * for none that is left. */
bool ot_system_mark_is_of(const char *path, const char *dir);

/* "" where there is none. The caller frees it. */
enum ot_status ot_system_mark_read(char **text, const char *path, struct ot_error *err);
enum ot_status ot_system_mark_write(const char *path, const char *dir, const char *text,
                                    struct ot_error *err);
enum ot_status ot_system_mark_remove(const char *path, struct ot_error *err);

#endif
