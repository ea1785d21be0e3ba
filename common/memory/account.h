/* The account that a machine gives itself after a sync: what it trusts now, against what
 * its memory says that it trusted. */
#ifndef OT_MEMORY_ACCOUNT_H
#define OT_MEMORY_ACCOUNT_H

#include <stdint.h>

#include "base/error.h"
#include "memory/memory.h"

struct ot_snapshot;
struct ot_source;

/* What is new: all news from the one mark to the other. */
struct ot_news_range {
    struct ot_mark from, to;
};

/* Brings the source's memory up to its snapshot as of Unix time now, under the source's
 * lock. before, which may be NULL, is what counts as known where there is no memory that
 * can be read: the snapshot of before this sync, so that a machine which begins to
 * remember has no news of all that it holds. Without both every active certificate is
 * news. After a failure the range is empty, and what it was to tell is in the next one.
 *
 * News of a certificate is one line. Trust began or ceased where it is an anchor of some
 * place and was of none, or the other way round; the rest (another name, a place more or
 * less, one that nobody was given or that another id still stands for) is OT_SIGN_OTHER.
 */
enum ot_status ot_memory_account(struct ot_news_range *range,
                                 const struct ot_source *source,
                                 struct ot_snapshot *snapshot, struct ot_snapshot *before,
                                 int64_t now, struct ot_error *err);

#endif
