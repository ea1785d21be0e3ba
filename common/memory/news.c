#include "memory/news.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/text.h"

/* A byte that is escaped takes six: \u{..} for three, \x.. for one. */
#define ESCAPED 6u

static void fill_digest(char hex[2 * OT_SHA256_LEN + 1], const struct ot_news *news)
{
    strcpy(hex, "-");
    if (news->has_sha256)
        ot_hex_write(hex, news->sha256, OT_SHA256_LEN);
}

/* "" for what is absent; NULL: out of memory. */
static char *escape_span(struct ot_span text)
{
    char *escaped = malloc(ESCAPED * text.len + 1);

    if (escaped != NULL)
        ot_text_escape(escaped, ESCAPED * text.len + 1, (const char *)text.data,
                       text.len);
    return escaped;
}

char *ot_news_line(const char *source, const struct ot_news *news)
{
    char hex[2 * OT_SHA256_LEN + 1], *line = NULL;
    char *name = escape_span(news->name), *detail = escape_span(news->detail);
    bool has_detail = news->detail.len > 0;

    fill_digest(hex, news);
    if (name == NULL || detail == NULL ||
        asprintf(&line, "%c %s %.*s %s %.*s %s%s%s%s", ot_sign_character(news->sign),
                 source, (int)news->id.len, (const char *)news->id.data, hex,
                 (int)news->what.len, (const char *)news->what.data,
                 name[0] != '\0' ? name : "-", has_detail ? " (" : "", detail,
                 has_detail ? ")" : "") < 0)
        line = NULL;
    free(name);
    free(detail);
    return line;
}

char *ot_news_words(const char *source, const struct ot_news *news)
{
    char *name = escape_span(news->name.len > 0 ? news->name : news->id), *words = NULL;
    char *detail = escape_span(news->detail);
    bool has_detail = news->detail.len > 0;

    if (name == NULL || detail == NULL ||
        asprintf(&words, "%c %s: %.*s %s%s%s%s", ot_sign_character(news->sign), source,
                 (int)news->what.len, (const char *)news->what.data, name,
                 has_detail ? " (" : "", detail, has_detail ? ")" : "") < 0)
        words = NULL;
    free(name);
    free(detail);
    return words;
}

static bool put_text(cJSON *object, const char *key, struct ot_span text)
{
    char *copy;
    cJSON *value;

    if (text.data == NULL)
        return cJSON_AddNullToObject(object, key) != NULL;
    copy = strndup((const char *)text.data, text.len);
    value = copy != NULL ? cJSON_AddStringToObject(object, key, copy) : NULL;
    free(copy);
    return value != NULL;
}

cJSON *ot_news_json(const char *source, const struct ot_news *news)
{
    char hex[2 * OT_SHA256_LEN + 1];
    const char sign[] = {ot_sign_character(news->sign), '\0'};
    cJSON *object = cJSON_CreateObject();

    fill_digest(hex, news);
    if (object != NULL &&
        cJSON_AddNumberToObject(object, "number", (double)news->number) != NULL &&
        cJSON_AddNumberToObject(object, "at", (double)news->at) != NULL &&
        put_text(object, "sign", ot_span_str(sign)) &&
        put_text(object, "what", news->what) &&
        put_text(object, "source", ot_span_str(source)) &&
        put_text(object, "id", news->id) && put_text(object, "name", news->name) &&
        put_text(object, "sha256",
                 news->has_sha256 ? ot_span_str(hex) : OT_SPAN_ABSENT) &&
        put_text(object, "detail", news->detail))
        return object;
    cJSON_Delete(object);
    return NULL;
}

const struct ot_news *ot_news_between(const struct ot_memory *memory,
                                      const struct ot_mark *from,
                                      const struct ot_mark *to)
{
    uint64_t count = to->number - from->number;

    if (count == 0 || count > OT_NEWS_NAMED_MAX)
        return NULL;
    for (size_t i = 0; i < memory->news_count; i++)
        if (memory->news[i].number == from->number)
            return memory->news_count - i >= count ? &memory->news[i] : NULL;
    return NULL;
}
