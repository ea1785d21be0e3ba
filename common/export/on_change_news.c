#include "export/on_change_news_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/memory_stream.h"
#include "config/config.h"
#include "config/source.h"
#include "export/export.h"
#include "export/record_internal.h"
#include "files/file.h"
#include "files/path.h"
#include "files/read_all.h"
#include "memory/news.h"

#define MARK_LINE_MAX (OT_SOURCE_NAME_MAX + OT_MARK_TEXT_MAX + 2)
#define MARKS_BYTES_MAX (OT_SOURCES_MAX * MARK_LINE_MAX)

/* The file's text; "" where there is none that can be read: then nothing is known. */
static void read_marks(char text[MARKS_BYTES_MAX + 1], const struct ot_exports *exports,
                       const struct ot_export *item)
{
    char path[PATH_MAX];
    ssize_t len = 0;
    int fd;

    if (ot_export_record_path(path, exports, item, "news", NULL) == OT_OK &&
        ot_path_open(&fd, path, MARKS_BYTES_MAX, NULL) == OT_OK) {
        len = ot_read_all(fd, text, MARKS_BYTES_MAX);
        close(fd);
    }
    text[len > 0 ? len : 0] = '\0';
}

static bool find_mark(struct ot_mark *mark, const char *text, const char *source)
{
    size_t len = strlen(source);
    char line[MARK_LINE_MAX + 1];

    for (const char *at = text; *at != '\0'; at += strspn(at, "\n")) {
        size_t line_len = strcspn(at, "\n");

        if (line_len < sizeof(line) && line_len > len && at[len] == ' ' &&
            memcmp(at, source, len) == 0) {
            memcpy(line, at, line_len);
            line[line_len] = '\0';
            return ot_mark_parse(mark, line + len + 1);
        }
        at += line_len;
    }
    return false;
}

static bool put_lines(FILE *to, const struct ot_source *source,
                      const struct ot_memory *memory, const struct ot_mark *from)
{
    const struct ot_news *news = ot_news_between(memory, from, &memory->next);
    uint64_t count = ot_mark_count(from, &memory->next, OT_SIGN_COUNT);

    for (uint64_t i = 0; news != NULL && i < count; i++) {
        char *line = ot_news_line(source->name, &news[i]);

        if (line == NULL)
            return false;
        fprintf(to, "%s\n", line);
        free(line);
    }
    return true;
}

/* One whose memory cannot be read keeps its mark. */
static bool add_source_news(struct ot_on_change_news *news, FILE *to, size_t i,
                            const struct ot_source *source, const char *marks)
{
    struct ot_memory memory;
    struct ot_mark *from = &news->from[i];
    bool is_known = find_mark(from, marks, source->name), good = true;

    news->to[i] = *from;
    if (ot_memory_read(&memory, source, NULL) == OT_OK && memory.is_there) {
        *from = ot_memory_resume(&memory, is_known ? from : NULL, (int64_t)time(NULL));
        news->to[i] = memory.next;
        news->is_begun = news->is_begun || !is_known;
        is_known = true;
        good = put_lines(to, source, &memory, from);
    }
    for (int sign = 0; is_known && sign < OT_SIGN_COUNT; sign++)
        news->counts[sign] += ot_mark_count(from, &news->to[i], (enum ot_sign)sign);
    if (is_known)
        news->known |= UINT64_C(1) << i;
    ot_memory_clear(&memory);
    return good;
}

static enum ot_status write_marks(const struct ot_exports *exports,
                                  const struct ot_export *item,
                                  const struct ot_mark *marks, uint64_t known,
                                  struct ot_error *err)
{
    char path[PATH_MAX], text[MARKS_BYTES_MAX + 1] = "", mark[OT_MARK_TEXT_MAX];
    enum ot_status status = ot_export_record_path(path, exports, item, "news", err);
    size_t len = 0;

    if (status != OT_OK)
        return status;
    for (size_t i = 0; i < OT_SOURCES_MAX; i++) {
        if ((known >> i & 1) == 0)
            continue;
        ot_mark_format(mark, &marks[i]);
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s %s\n",
                                ot_config_at(exports->config, i)->name, mark);
    }
    ot_file_reap(path);
    return ot_file_replace(path, text, len, 0644, err);
}

enum ot_status ot_on_change_news_read(struct ot_on_change_news *news,
                                      const struct ot_exports *exports,
                                      const struct ot_export *item, struct ot_error *err)
{
    char marks[MARKS_BYTES_MAX + 1];
    bool good = true;
    FILE *to;

    *news = (struct ot_on_change_news){.lines = NULL};
    to = open_memstream(&news->lines, &news->len);
    if (to == NULL)
        return ot_error_nomem(err);
    read_marks(marks, exports, item);
    for (size_t i = 0; good && i < OT_SOURCES_MAX; i++)
        if (item->sources >> i & 1)
            good = add_source_news(news, to, i, ot_config_at(exports->config, i), marks);
    if (ot_memory_stream_end(to, &news->lines) == NULL || !good)
        return ot_error_nomem(err);
    return news->is_begun ? write_marks(exports, item, news->from, news->known, err)
                          : OT_OK;
}

enum ot_status ot_on_change_news_done(const struct ot_on_change_news *news,
                                      const struct ot_exports *exports,
                                      const struct ot_export *item, struct ot_error *err)
{
    return write_marks(exports, item, news->to, news->known, err);
}

void ot_on_change_news_clear(struct ot_on_change_news *news)
{
    free(news->lines);
    *news = (struct ot_on_change_news){.lines = NULL};
}
