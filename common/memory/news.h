/* News as it is told: a line, an object of JSON, and which of it. */
#ifndef OT_MEMORY_NEWS_H
#define OT_MEMORY_NEWS_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "memory/memory.h"

/* "+ default cert_abc 5f…9c activated Name (detail)": sign, source, id, SHA-256 or "-",
 * one word, then the name to the end; its control characters are escaped. The caller
 * frees it; NULL: out of memory. */
char *ot_news_line(const char *source, const struct ot_news *news);

/* The same for a person at a terminal, without what is for programs: "+ default:
 * activated Name (detail)". */
char *ot_news_words(const char *source, const struct ot_news *news);

/* number, at, sign, what, source, id, name, sha256, detail; what is not there is null.
 * NULL: out of memory. */
cJSON *ot_news_json(const char *source, const struct ot_news *news);

/* All news from one mark to another. NULL: there are more than OT_NEWS_NAMED_MAX, of
 * which only the number is told, or they are forgotten. */
const struct ot_news *ot_news_between(const struct ot_memory *memory,
                                      const struct ot_mark *from,
                                      const struct ot_mark *to);

#endif
