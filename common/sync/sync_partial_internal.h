/* What a sync has fetched that has not ended well: NAME.partial beside the snapshot,
 * for the next attempt. It holds contents that were accepted, each under the id and the
 * time of creation that the listing has for it, and is read by nothing but a sync.
 *
 *   head     magic, version and scope
 *   frame    time of creation, id and DER of a certificate
 *   frame    …
 *
 * Frames begin with their checksum and are only ever appended, so that a process that is
 * killed while it writes costs what it wrote last. Nothing here fails a sync: what cannot
 * be kept is fetched again. Used under the source's lock; not thread-safe. */
#ifndef OT_SYNC_SYNC_PARTIAL_INTERNAL_H
#define OT_SYNC_SYNC_PARTIAL_INTERNAL_H

#include <stdint.h>

#include "base/error.h"
#include "base/span.h"

struct ot_partial;

/* Touches no file. Path and scope must outlive it. */
enum ot_status ot_partial_new(struct ot_partial **out, const char *path,
                              const char *scope, struct ot_error *err);
void ot_partial_free(struct ot_partial *partial); /* NULL is fine */

/* Looks at the file. One that is damaged from its beginning, of another scope, longer
 * than OT_CONTENTS_BYTES_MAX, or not as a file of the cache must be (path.h) holds
 * nothing and is removed; of one whose end is damaged, what comes before it counts. */
void ot_partial_load(struct ot_partial *partial);

/* The certificate in DER that is kept for a listed one; lives until the next load or
 * removal. */
bool ot_partial_find(const struct ot_partial *partial, const char *id, int64_t created_at,
                     struct ot_span *der);

/* Puts one with those that are to be kept; ot_partial_write sees to it that they are in
 * the file, which it makes if need be (0600). */
void ot_partial_add(struct ot_partial *partial, const char *id, int64_t created_at,
                    struct ot_span der);
void ot_partial_write(struct ot_partial *partial);

/* Removes the file, and forgets what it held; false: there was none. */
bool ot_partial_remove(struct ot_partial *partial);

#endif
