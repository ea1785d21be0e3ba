/* What a sync has changed, certificate by certificate, as text for a person and as JSON
 * for a program. */
#ifndef OT_CLI_VIEW_NEWS_REPORT_H
#define OT_CLI_VIEW_NEWS_REPORT_H

#include <cjson/cJSON.h>

#include "memory/account.h"

struct ot_source;
struct ot_sync_result;

/* A line for each, by put; of more than OT_NEWS_NAMED_MAX one with their number, which is
 * no news of one certificate: NULL. Why something could not be written down is said on
 * standard error. */
typedef void ot_news_put(void *arg, const char *line, const struct ot_news *news);
void ot_news_report(const struct ot_source *source, const struct ot_sync_result *result,
                    ot_news_put *put, void *arg);

/* "began", "ceased" and "other", how many of each, and "news", an array of up to
 * OT_NEWS_NAMED_MAX of them; of more it is empty. */
void ot_news_report_json(cJSON *object, const struct ot_source *source,
                         const struct ot_sync_result *result, bool *failed);

#endif
