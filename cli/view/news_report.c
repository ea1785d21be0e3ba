#include "view/news_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/source.h"
#include "memory/news.h"
#include "sync/sync_options.h"
#include "view/json_build.h"
#include "view/output.h"

static uint64_t news_of(const struct ot_sync_result *result, enum ot_sign sign)
{
    return ot_mark_count(&result->news.from, &result->news.to, sign);
}

static void put_number(const struct ot_source *source,
                       const struct ot_sync_result *result, ot_news_put *put, void *arg)
{
    char line[256];

    snprintf(line, sizeof(line),
             "%s: %" PRIu64 " changes: trust began %" PRIu64 " times and ceased %" PRIu64
             " times; 'orgtrust log --local' names them",
             source->name, news_of(result, OT_SIGN_COUNT), news_of(result, OT_SIGN_BEGAN),
             news_of(result, OT_SIGN_CEASED));
    put(arg, line, NULL);
}

static void say_unwritten(const struct ot_source *source,
                          const struct ot_sync_result *result)
{
    if (result->news_unwritten.status != OT_OK)
        ot_output_say("source '%s': what has changed is told by the next sync, for it "
                      "could not be written down: %s",
                      source->name, result->news_unwritten.message);
}

void ot_news_report(const struct ot_source *source, const struct ot_sync_result *result,
                    ot_news_put *put, void *arg)
{
    const struct ot_news_range *range = &result->news;
    uint64_t count = news_of(result, OT_SIGN_COUNT);
    const struct ot_news *news = NULL;
    struct ot_memory memory = {0};

    say_unwritten(source, result);
    if (count == 0)
        return;
    if (ot_memory_read(&memory, source, NULL) == OT_OK)
        news = ot_news_between(&memory, &range->from, &range->to);
    if (news == NULL)
        put_number(source, result, put, arg);
    for (uint64_t i = 0; news != NULL && i < count; i++) {
        char *line = ot_news_line(source->name, &news[i]);

        if (line != NULL)
            put(arg, line, &news[i]);
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
