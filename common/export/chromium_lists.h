/* What the browsers' policies are to hold, by the configuration and the snapshots. */
#ifndef OT_EXPORT_CHROMIUM_LISTS_H
#define OT_EXPORT_CHROMIUM_LISTS_H

#include <stdbool.h>

#include "base/error.h"

struct ot_anchors;
struct ot_export;
struct ot_exports;

/* What is denied to servers, sorted; nothing where no source that distrusts wants the
 * item. OT_E_NO_SNAPSHOT: some of it is not known. ot_anchors_clear afterwards. */
enum ot_status ot_chromium_distrusted(struct ot_anchors *distrusted,
                                      const struct ot_exports *exports,
                                      const struct ot_export *item, struct ot_error *err);

/* Brings the policies to the item's anchors (NULL: not known, what stands there stays)
 * and to what is distrusted, of which the same holds. Of an item that no source wants any
 * more, takes them away. */
enum ot_status ot_chromium_refresh(const struct ot_exports *exports,
                                   const struct ot_export *item,
                                   const struct ot_anchors *anchors, bool *written,
                                   struct ot_error *err);

#endif
