/* A source as its token sees it: the snapshot of the last look. */
#ifndef OT_P11_VIEW_H
#define OT_P11_VIEW_H

#include <stdatomic.h>

#include "base/error.h"
#include "cryptoki_3.h"
#include "lock.h"

struct ot_cache;
struct ot_snapshot;
struct ot_source;

#define OT_TOKEN_LABEL_LEN 32 /* of CK_TOKEN_INFO */

struct ot_view {
    const struct ot_source *source; /* NULL: none is configured */
    struct ot_cache *cache;         /* NULL: always empty, and why says why */
    struct ot_error why;
    char label[OT_TOKEN_LABEL_LEN + 1]; /* of the token */
    atomic_uint complained_of; /* statuses, as bits, of which the log knows already */
    struct ot_lock lock;
    struct ot_snapshot *newest; /* guarded; what the last look gave, or NULL */
    atomic_uint looks;          /* counted up when that changes */
};

/* The label is "orgtrust", then word (NULL: none), then the name of any source but the
 * default one; where that is longer than a label, the word and the name.
 * source NULL makes an empty one, whose reason is why. A cache that cannot be made leaves
 * it empty, too; only the lock can fail. */
CK_RV ot_view_init(struct ot_view *view, const struct ot_source *source, const char *word,
                   const struct ot_error *why, const struct ot_locking *locking);
void ot_view_clear(struct ot_view *view);
/* The same in a forked child, where its lock may be held by nobody that is there. */
void ot_view_clear_inherited(struct ot_view *view);

/* Looks for a newer snapshot (one stat), and hands out a reference to what is there,
 * which becomes the newest; NULL when there is none. Logs why, once for each reason.
 * flags: enum ot_cache_flag. */
struct ot_snapshot *ot_view_look(struct ot_view *view, unsigned flags);

/* A reference to the newest, as of the last look; touches no file. */
struct ot_snapshot *ot_view_newest(struct ot_view *view, unsigned *looks);

void ot_view_complain(struct ot_view *view, const struct ot_error *err);

#endif
