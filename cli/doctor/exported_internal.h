/* What the exports of the configuration should hold now. */
#ifndef OT_CLI_DOCTOR_EXPORTED_INTERNAL_H
#define OT_CLI_DOCTOR_EXPORTED_INTERNAL_H

#include <stddef.h>

#include "base/error.h"

struct ot_anchors;
struct ot_export;
struct ot_exports;

/* The anchors of an export's sources, as the plugins would see them, sorted. anchors is
 * zeroed, or has the place of somebody who reads the export besides. What keeps them from
 * being known is the status. ot_anchors_clear afterwards. */
enum ot_status ot_exported_anchors(struct ot_anchors *anchors,
                                   const struct ot_exports *exports,
                                   const struct ot_export *item, struct ot_error *err);

/* The same at the place that anchors has, with the machine's own where they are wanted.
 */
enum ot_status ot_exported_anchors_at(struct ot_anchors *anchors,
                                      const struct ot_exports *exports,
                                      const struct ot_export *item, struct ot_error *err);

/* "; the last sync could not: …", when the last attempt at it failed, else "". */
void ot_exported_why(char *buf, size_t size, const struct ot_exports *exports,
                     const struct ot_export *item);

#endif
