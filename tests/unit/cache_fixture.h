/* A source with its cache in the scratch directory, and snapshots to put there. */
#ifndef OT_TESTS_CACHE_FIXTURE_H
#define OT_TESTS_CACHE_FIXTURE_H

#include "cache/cache.h"
#include "cache/state.h"

extern struct ot_source fixture_source; /* "corp", auto_refresh, 15 min, 7 days */
extern char fixture_snapshot[], fixture_state[], fixture_spare[]; /* paths */

/* An empty cache directory, and a command that would count its runs and do nothing. */
void fixture_reset(void);

/* Writes a snapshot of n certificates, last confirmed age_s seconds ago. */
void fixture_write(const char *path, unsigned n, int64_t age_s);
/* The same for another scope. */
void fixture_write_scope(const char *path, const char *scope, unsigned n, int64_t age_s);
void fixture_age(const char *path, int64_t age_s);
void fixture_write_state(const char *path, const char *reason, int64_t attempt_in_s,
                         int64_t retry_in_s);

/* What the stand-in for the command is to do: rename from to to, after a delay. */
void fixture_sync_does(const char *from, const char *to, unsigned delay_ms);
/* How often it was started: waits up to a second for as many as expected, or, where none
 * is, a moment for one to show. */
unsigned fixture_syncs(unsigned expected);

/* Gets, checks the status, and gives the number of certificates (0: none handed out). */
unsigned fixture_get(struct ot_cache *cache, unsigned flags, enum ot_status expected);
/* Every record of a snapshot read; how many, or 0 if one is damaged. */
unsigned fixture_read_all(struct ot_snapshot *snapshot);

extern struct ot_error fixture_err; /* of the last fixture_get */

#endif
