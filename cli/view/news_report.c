#include "view/news_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "config/source.h"
#include "memory/news.h"
#include "sync/sync_options.h"
#include "view/journal_internal.h"
#include "view/json_build.h"
#include "view/output.h"

/* Random, and of this program alone: news of one certificate, and the number of many. */
#define MESSAGE_ID_OF_NEWS "b018640c4a9c48dd9cda66cd74e5921f"
#define MESSAGE_ID_OF_MANY "c422fa1c0daf4b1eb5fe20e0e621dca4"

#define PRIORITY_NOTICE "5" /* what somebody should see: trust began or ceased */
#define PRIORITY_INFO "6"

#define NUMBER_MAX 24

static uint64_t news_of(const struct ot_sync_result *result, enum ot_sign sign)
{
    return ot_mark_count(&result->news.from, &result->news.to, sign);
}

static struct ot_journal_field journal_field(const char *name, const char *text)
{
    return (struct ot_journal_field){name, ot_span_str(text)};
}

/* Into the journal, if that is where the lines go; false: somewhere else. */
static bool log_number(const struct ot_news_report *report, const char *source,
                       const char *line, const struct ot_sync_result *result)
{
    static const char *const names[OT_SIGN_COUNT] = {[OT_SIGN_BEGAN] = "ORGTRUST_BEGAN",
                                                     [OT_SIGN_CEASED] = "ORGTRUST_CEASED",
                                                     [OT_SIGN_OTHER] = "ORGTRUST_OTHER"};
    char numbers[OT_SIGN_COUNT][NUMBER_MAX];
    struct ot_journal_field fields[5 + OT_SIGN_COUNT] = {
        journal_field("MESSAGE", line),
        journal_field("MESSAGE_ID", MESSAGE_ID_OF_MANY),
        journal_field("PRIORITY", PRIORITY_NOTICE),
        journal_field("SYSLOG_IDENTIFIER", "orgtrust"),
        journal_field("ORGTRUST_SOURCE", source),
    };

    for (int sign = 0; sign < OT_SIGN_COUNT; sign++) {
        snprintf(numbers[sign], NUMBER_MAX, "%" PRIu64,
                 news_of(result, (enum ot_sign)sign));
        fields[5 + sign] = journal_field(names[sign], numbers[sign]);
    }
    return ot_journal_is_behind(report->fd) &&
           ot_journal_send(fields, sizeof(fields) / sizeof(fields[0]));
}

static bool log_news(const struct ot_news_report *report, const char *source,
                     const char *line, const struct ot_news *news)
{
    const char sign[] = {ot_sign_character(news->sign), '\0'};
    char hex[2 * OT_SHA256_LEN + 1], number[NUMBER_MAX];

    ot_hex_write(hex, news->sha256, OT_SHA256_LEN);
    snprintf(number, sizeof(number), "%" PRIu64, news->number);

    const struct ot_journal_field fields[] = {
        journal_field("MESSAGE", line),
        journal_field("MESSAGE_ID", MESSAGE_ID_OF_NEWS),
        journal_field("PRIORITY",
                      news->sign == OT_SIGN_OTHER ? PRIORITY_INFO : PRIORITY_NOTICE),
        journal_field("SYSLOG_IDENTIFIER", "orgtrust"),
        journal_field("ORGTRUST_SOURCE", source),
        journal_field("ORGTRUST_SIGN", sign),
        {"ORGTRUST_WHAT", news->what},
        {"ORGTRUST_CERT", news->id},
        {"ORGTRUST_NAME", news->name},
        journal_field("ORGTRUST_SHA256", news->has_sha256 ? hex : NULL),
        {"ORGTRUST_DETAIL", news->detail},
        journal_field("ORGTRUST_NUMBER", number),
    };

    return ot_journal_is_behind(report->fd) &&
           ot_journal_send(fields, sizeof(fields) / sizeof(fields[0]));
}

static void report_number(const struct ot_news_report *report,
                          const struct ot_source *source,
                          const struct ot_sync_result *result)
{
    char line[256];

    snprintf(line, sizeof(line),
             "%s: %" PRIu64 " changes: trust began %" PRIu64 " times and ceased %" PRIu64
             " times; 'orgtrust log --local' names them",
             source->name, news_of(result, OT_SIGN_COUNT), news_of(result, OT_SIGN_BEGAN),
             news_of(result, OT_SIGN_CEASED));
    if (!log_number(report, source->name, line, result) && report->put != NULL)
        report->put(report->arg, line);
}

static void say_unwritten(const struct ot_source *source,
                          const struct ot_sync_result *result)
{
    if (result->news_unwritten.status != OT_OK)
        ot_output_say("source '%s': what has changed is told by the next sync, for it "
                      "could not be written down: %s",
                      source->name, result->news_unwritten.message);
}

void ot_news_report(const struct ot_news_report *report, const struct ot_source *source,
                    const struct ot_sync_result *result)
{
    const struct ot_news_range *range = &result->news;
    uint64_t count = news_of(result, OT_SIGN_COUNT);
    const struct ot_news *news = NULL;
    struct ot_memory memory = {0};

    say_unwritten(source, result);
    if (count == 0 || (report->put == NULL && !ot_journal_is_behind(report->fd)))
        return;
    if (ot_memory_read(&memory, source, NULL) == OT_OK)
        news = ot_news_between(&memory, &range->from, &range->to);
    if (news == NULL)
        report_number(report, source, result);
    for (uint64_t i = 0; news != NULL && i < count; i++) {
        char *line = report->is_terminal ? ot_news_words(source->name, &news[i])
                                         : ot_news_line(source->name, &news[i]);

        if (line != NULL && !log_news(report, source->name, line, &news[i]) &&
            report->put != NULL)
            report->put(report->arg, line);
        free(line);
    }
    ot_memory_clear(&memory);
}

void ot_news_report_json(cJSON *object, const struct ot_source *source,
                         const struct ot_sync_result *result, bool *failed)
{
    uint64_t count = news_of(result, OT_SIGN_COUNT);
    cJSON *array = ot_json_put_array(object, "news", failed);
    const struct ot_news *news = NULL;
    struct ot_memory memory = {0};

    say_unwritten(source, result);
    ot_json_put_int(object, "began", (int64_t)news_of(result, OT_SIGN_BEGAN), failed);
    ot_json_put_int(object, "ceased", (int64_t)news_of(result, OT_SIGN_CEASED), failed);
    ot_json_put_int(object, "other", (int64_t)news_of(result, OT_SIGN_OTHER), failed);
    if (count > 0 && ot_memory_read(&memory, source, NULL) == OT_OK)
        news = ot_news_between(&memory, &result->news.from, &result->news.to);
    for (uint64_t i = 0; news != NULL && i < count; i++) {
        cJSON *item = ot_news_json(source->name, &news[i]);

        if (item == NULL || !cJSON_AddItemToArray(array, item)) {
            cJSON_Delete(item);
            *failed = true;
        }
    }
    ot_memory_clear(&memory);
}
