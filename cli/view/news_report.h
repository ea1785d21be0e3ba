/* What a sync has changed, certificate by certificate, as text for a person and as JSON
 * for a program. */
#ifndef OT_CLI_VIEW_NEWS_REPORT_H
#define OT_CLI_VIEW_NEWS_REPORT_H

#include <cjson/cJSON.h>
#include <stdbool.h>

struct ot_source;
struct ot_sync_result;

/* Where its lines go. Where the journal is behind fd each is an entry there with fields
 * of its own: MESSAGE_ID, PRIORITY, ORGTRUST_SOURCE, and ORGTRUST_SIGN, _WHAT, _CERT,
 * _NAME, _SHA256, _DETAIL and _NUMBER of a certificate, or ORGTRUST_BEGAN, _CEASED and
 * _OTHER. Else put is given it; NULL: nobody is. */
struct ot_news_report {
    int fd;
    void (*put)(void *arg, const char *line);
    void *arg;
    bool is_terminal; /* put's lines are for a person */
};

/* A line for each; of more than OT_NEWS_NAMED_MAX one with their number. Why something
 * could not be written down is said on standard error. */
void ot_news_report(const struct ot_news_report *report, const struct ot_source *source,
                    const struct ot_sync_result *result);

/* "began", "ceased" and "other", how many of each, and "news", an array of up to
 * OT_NEWS_NAMED_MAX of them; of more it is empty. */
void ot_news_report_json(cJSON *object, const struct ot_source *source,
                         const struct ot_sync_result *result, bool *failed);

#endif
