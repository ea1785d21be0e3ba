/* What a command on_change is told: the news of its sources since its last run that
 * succeeded, from the memory of each. KIND-HASH.news in .exports has the marks up to
 * which it knows them, a line "SOURCE MARK" each. */
#ifndef OT_EXPORT_ON_CHANGE_NEWS_INTERNAL_H
#define OT_EXPORT_ON_CHANGE_NEWS_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/limits.h"
#include "memory/memory.h"

struct ot_export;
struct ot_exports;

struct ot_on_change_news {
    char *lines; /* as memory/news.h has them, with line ends */
    size_t len;
    uint64_t
        counts[OT_SIGN_COUNT]; /* of all, also of those that are too many for lines */
    /* Of source i of the configuration, where bit i of known is set. */
    struct ot_mark from[OT_SOURCES_MAX], to[OT_SOURCES_MAX];
    uint64_t known;
    bool is_begun; /* to listen to one of them */
};

/* Under the command's lock. A source whose memory cannot be read has no news this time;
 * where a command begins to listen to one is written down, for it may fail. After a
 * failure, too, news is the caller's to clear. */
enum ot_status ot_on_change_news_read(struct ot_on_change_news *news,
                                      const struct ot_exports *exports,
                                      const struct ot_export *item, struct ot_error *err);
/* They are known now. */
enum ot_status ot_on_change_news_done(const struct ot_on_change_news *news,
                                      const struct ot_exports *exports,
                                      const struct ot_export *item, struct ot_error *err);
void ot_on_change_news_clear(struct ot_on_change_news *news);

#endif
