/* Writing a snapshot: see snapshot/snapshot.h for the format. */
#ifndef OT_SYNC_SNAPSHOT_WRITE_H
#define OT_SYNC_SNAPSHOT_WRITE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct ot_record;

/* Writes records[0..count) as the snapshot at path and puts it in place by rename, with
 * seen_at (Unix seconds) as its modification time. Every record has id and, unless it is
 * quarantined, all that ot_cert_fill fills. Their labels are worked out here: unique
 * within the snapshot. On failure the old file is untouched. */
enum ot_status ot_snapshot_write(const char *path, const char *scope, uint64_t limits,
                                 const struct ot_record *records, size_t count,
                                 int64_t seen_at, struct ot_error *err);

/* Completes the head of a constant database bytes[0..len) whose first entry has room for
 * it, and whose hash tables begin where its directory says that the first one does,
 * inside the database; sums gets ot_format_blocks() checksums, which belong behind it. */
void ot_snapshot_seal(uint8_t *bytes, size_t len, uint8_t *sums);

#endif
