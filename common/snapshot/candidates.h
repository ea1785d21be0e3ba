/* The order of every search: certificates that are valid now come first, newest first,
 * then the others. GnuTLS and OpenSSL take the first of a subject. */
#ifndef OT_SNAPSHOT_CANDIDATES_H
#define OT_SNAPSHOT_CANDIDATES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "snapshot/snapshot.h"

struct ot_record;

#define OT_CANDIDATE_LISTS 3

/* Set up by whoever searches, with zeros for the rest. Owns nothing. */
struct ot_candidates {
    struct ot_snapshot *snapshot;
    /* What indexes gave; a record that an earlier list holds is passed over in a later.
     */
    struct ot_positions list[OT_CANDIDATE_LISTS];
    int64_t now;     /* Unix seconds: which are valid is decided once */
    bool valid_only; /* the others are of no interest */

    unsigned source; /* which list is being read */
    uint32_t next;   /* in it */
    bool has_others, is_second_pass;
};

/* The next one: OT_OK and record, or OT_E_NOT_FOUND (no message) at the end.
 * OT_E_CORRUPT: one was damaged and is passed over; this can go on. position, if not
 * NULL, is a number that names the record within this snapshot. */
enum ot_status ot_candidates_next(struct ot_candidates *candidates,
                                  struct ot_record *record, uint32_t *position,
                                  struct ot_error *err);

#endif
