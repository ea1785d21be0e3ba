/* Writing a snapshot: see cache/snapshot.h for the format. */
#ifndef OT_FETCH_SNAPSHOT_WRITE_H
#define OT_FETCH_SNAPSHOT_WRITE_H

#include "cache/record.h"

/* Writes records[0..count) as the snapshot at path and puts it in place by rename, with
 * seen_at (Unix seconds) as its modification time. Every record has id and, unless it is
 * quarantined, all that ot_cert_fill fills. Their labels are worked out here: unique
 * within the snapshot. On failure the old file is untouched. */
enum ot_status ot_snapshot_write(const char *path, const char *scope,
                                 const struct ot_record *records, size_t count,
                                 int64_t seen_at, struct ot_error *err);

/* The trailer (OT_FORMAT_TRAILER_LEN bytes of cache/snapshot_format.h) that belongs
 * behind the constant database bytes[0..len), at least its directory long. Hash tables
 * that lie outside the database get a checksum that no reader asks for. */
void ot_snapshot_trailer(uint8_t *trailer, const uint8_t *bytes, size_t len);

#endif
