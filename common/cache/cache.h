/* A source as a plugin sees it: always the newest usable snapshot, refreshed in the
 * background, with no thread, no timer and one stat per look.
 *
 * Thread-safe; also in a forked child, whatever the parent's threads were doing. */
#ifndef OT_CACHE_CACHE_H
#define OT_CACHE_CACHE_H

#include "base/error.h"

struct ot_snapshot;
struct ot_source;

struct ot_cache;

enum ot_cache_flag {
    OT_CACHE_REFRESH = 1u << 0, /* may start a background sync when stale */
    OT_CACHE_WAIT = 1u << 1     /* and may wait for it, bounded, when there is nothing */
};

/* The source must outlive the cache. Touches no file. */
enum ot_status ot_cache_new(struct ot_cache **out, const struct ot_source *source,
                            struct ot_error *err);
void ot_cache_free(
    struct ot_cache *cache); /* NULL is fine; snapshots given out live on */

/* The snapshot to use now, with a reference that the caller drops. It is what was mapped
 * before when the file is unchanged; a file that cannot be used leaves the earlier one in
 * place as long as that is within max_stale, unless it is that very file, and others may
 * write it now or somebody has changed its length. Without one: OT_E_NO_SNAPSHOT (what to
 * run), OT_E_EXPIRED, OT_E_CORRUPT, OT_E_SCOPE, OT_E_UNSAFE, OT_E_IO. */
enum ot_status ot_cache_get(struct ot_cache *cache, unsigned flags,
                            struct ot_snapshot **out, struct ot_error *err);

/* What the last ot_cache_get found, with a reference that the caller drops; NULL: nothing
 * yet. Touches no file. */
struct ot_snapshot *ot_cache_known(struct ot_cache *cache);

/* Counts how often that became another one. Who has this before he asks for what is known
 * learns from it later whether that is still so. */
unsigned ot_cache_changes(const struct ot_cache *cache);

const struct ot_source *ot_cache_source(const struct ot_cache *cache);

#endif
