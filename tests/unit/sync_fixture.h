/* A source that is synced from a fake API into a scratch cache, for the sync's tests. */
#ifndef OT_TESTS_SYNC_FIXTURE_H
#define OT_TESTS_SYNC_FIXTURE_H

#include <sys/stat.h>

#include "cache/state.h"
#include "config/source.h"
#include "fake_api.h"
#include "snapshot/snapshot.h"
#include "sync/sync.h"
#include "sync/sync_options.h"

struct fixture {
    struct fake_api *api;
    struct ot_source source;
    struct ot_sync_options options; /* with quick retries */
    struct ot_sync_result result;   /* of the last sync */
    struct ot_error err;
    char dir[256], snapshot[512], partial[512], state[512], lock[512];
};

/* An empty organization and a cache directory that is not there yet. */
void fixture_init(struct fixture *f);
/* One with cert_a, which is active, and cert_b, both in the snapshot. */
void fixture_init_synced(struct fixture *f);
void fixture_clear(struct fixture *f);

/* Adds a fresh CA under the id, its name "name of ID". */
void fixture_add(struct fixture *f, const char *id, bool active);

/* So many, cert_000 and on; every other one is active. */
void fixture_add_many(struct fixture *f, int count);

enum ot_status fixture_sync(struct fixture *f);
/* The same, which must succeed; says why not. */
void fixture_must_sync(struct fixture *f);

/* The snapshot: verified, or NULL (and a failed assertion). The caller drops it. */
struct ot_snapshot *fixture_open(struct fixture *f);
/* The record under an id; false if there is none. Spans live as long as the snapshot. */
bool fixture_find(struct ot_snapshot *snapshot, const char *id, struct ot_record *record);
/* The ids of the snapshot, sorted, joined by spaces: "a b*": b is active, "c?" is
 * quarantined. In a static buffer. */
const char *fixture_ids(struct fixture *f);

/* A sync that must fail with this status and word, keep the snapshot to the byte, inode
 * and time, leave no temporary file, and record the failure with the next try. */
void fixture_must_keep(struct fixture *f, enum ot_status status, const char *word);

struct stat fixture_stat(struct fixture *f);
struct ot_state fixture_state(struct fixture *f);
size_t fixture_temporaries(struct fixture *f);
/* Makes the snapshot look seen so many seconds ago. */
void fixture_age(struct fixture *f, int64_t seconds);

#endif
