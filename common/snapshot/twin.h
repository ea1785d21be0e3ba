/* Twins: certificates of one name and one key, such as one that was issued anew or that
 * another authority has signed. What one of them vouches for, the other does. */
#ifndef OT_SNAPSHOT_TWIN_H
#define OT_SNAPSHOT_TWIN_H

#include <stdbool.h>

#include "base/error.h"
#include "snapshot/snapshot.h"

struct ot_record;

/* Whether they are, in whatever form each holds its name and its key. */
bool ot_record_is_twin(const struct ot_record *a, const struct ot_record *b);

/* Where a snapshot's twins of a record, which has a key, are among: candidates, as
 * ot_snapshot_find has them. */
enum ot_status ot_twins_find(struct ot_snapshot *snapshot, const struct ot_record *record,
                             struct ot_positions *out, struct ot_error *err);

#endif
