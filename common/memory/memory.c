#include "memory/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/memory_stream.h"
#include "base/text.h"
#include "config/source_path.h"
#include "files/file.h"
#include "files/path.h"
#include "files/read_all.h"

#define MAGIC "orgtrust-memory 1"
#define END_LEN 21 /* "end ", a checksum, a line end */
#define HEAD_BYTES_MAX 1024
#define FIELDS_MAX 16
#define HEAD_FIELDS 14

static const char signs[OT_SIGN_COUNT] = {'+', '-', '~'};

char ot_sign_character(enum ot_sign sign)
{
    return signs[sign];
}

uint64_t ot_mark_count(const struct ot_mark *from, const struct ot_mark *to,
                       enum ot_sign sign)
{
    return sign == OT_SIGN_COUNT ? to->number - from->number
                                 : to->signs[sign] - from->signs[sign];
}

void ot_memory_clear(struct ot_memory *memory)
{
    for (size_t i = 0; i < memory->news_count; i++)
        free(memory->news[i].own);
    free(memory->news);
    free(memory->known);
    free(memory->text);
    *memory = (struct ot_memory){0};
}

const struct ot_known *ot_memory_find(const struct ot_memory *memory, struct ot_span id)
{
    size_t low = 0, high = memory->known_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = ot_span_compare(memory->known[middle].id, id);

        if (order == 0)
            return &memory->known[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* A line, taken apart: what stands between its tabs. */
struct fields {
    char *at[FIELDS_MAX];
    size_t count;
};

static struct fields split_fields(char *line)
{
    struct fields fields = {.count = 0};

    for (; line != NULL && fields.count < FIELDS_MAX; fields.count++)
        fields.at[fields.count] = strsep(&line, "\t");
    if (line != NULL)
        fields.count = FIELDS_MAX + 1;
    return fields;
}

/* A text in its place; "-" is absent. */
static bool decode_text(struct ot_span *out, char *field)
{
    char *to = field;

    *out = OT_SPAN_ABSENT;
    if (strcmp(field, "-") == 0)
        return true;
    for (const char *from = field; *from != '\0'; from++) {
        int byte = (unsigned char)*from;

        if (byte == '%') {
            byte = ot_hex_byte(from + 1);
            from += 2;
        }
        if (byte < 0)
            return false;
        *to++ = (char)byte;
    }
    *out = ot_span_of(field, (size_t)(to - field));
    return true;
}

static bool decode_digest(uint8_t sha256[OT_SHA256_LEN], bool *is_there,
                          const char *field)
{
    *is_there = strcmp(field, "-") != 0;
    return !*is_there || (strlen(field) == (size_t)2 * OT_SHA256_LEN &&
                          ot_hex_read(sha256, OT_SHA256_LEN, field));
}

static bool decode_number(uint64_t *out, const char *field)
{
    char *end;

    errno = 0;
    *out = strtoull(field, &end, 10);
    return field[0] >= '0' && field[0] <= '9' && *end == '\0' && errno == 0;
}

static bool decode_time(int64_t *out, const char *field)
{
    return ot_text_number(out, field, INT64_MAX);
}

static bool decode_mark(struct ot_mark *mark, char *const *fields)
{
    bool good = decode_number(&mark->number, fields[0]);

    for (int sign = 0; sign < OT_SIGN_COUNT; sign++)
        good = good && decode_number(&mark->signs[sign], fields[1 + sign]);
    return good;
}

struct ot_mark ot_memory_resume(const struct ot_memory *memory,
                                const struct ot_mark *mark, int64_t now)
{
    struct ot_mark begin = {.number = memory->next.number};

    for (int sign = 0; sign < OT_SIGN_COUNT; sign++)
        begin.number -= memory->next.signs[sign];
    if (mark != NULL && mark->number > memory->next.number)
        return memory->next; /* of a clock that was ahead */
    if (mark != NULL)
        return mark->number >= begin.number ? *mark : begin;
    for (size_t i = 0; i < memory->news_count; i++)
        if (memory->news[i].number == memory->last.number &&
            memory->news[i].at >= now - OT_NEWS_FRESH_S)
            return memory->last;
    return memory->next;
}

void ot_mark_format(char buf[OT_MARK_TEXT_MAX], const struct ot_mark *mark)
{
    size_t len = (size_t)snprintf(buf, OT_MARK_TEXT_MAX, "%" PRIu64, mark->number);

    for (int sign = 0; sign < OT_SIGN_COUNT; sign++)
        len += (size_t)snprintf(buf + len, OT_MARK_TEXT_MAX - len, " %" PRIu64,
                                mark->signs[sign]);
}

bool ot_mark_parse(struct ot_mark *mark, const char *text)
{
    char copy[OT_MARK_TEXT_MAX], *rest = copy, *fields[1 + OT_SIGN_COUNT];

    if (strlen(text) >= sizeof(copy))
        return false;
    strcpy(copy, text);
    for (int i = 0; i < 1 + OT_SIGN_COUNT; i++)
        if ((fields[i] = strsep(&rest, " ")) == NULL)
            return false;
    return rest == NULL && decode_mark(mark, fields);
}

static bool parse_memory_head(struct ot_memory *memory, char *line)
{
    struct fields fields = split_fields(line);
    char **at = fields.at;

    memory->is_there =
        fields.count == HEAD_FIELDS + 1 && strcmp(at[0], MAGIC) == 0 &&
        decode_time(&memory->began_at, at[1]) && decode_time(&memory->at, at[2]) &&
        decode_time(&memory->again_at, at[3]) && decode_number(&memory->inode, at[4]) &&
        decode_number(&memory->bytes, at[5]) && decode_time(&memory->written_at, at[6]) &&
        decode_mark(&memory->last, at + 7) && decode_mark(&memory->next, at + 11);
    return memory->is_there;
}

static bool parse_known(struct ot_memory *memory, const struct fields *fields)
{
    struct ot_known *known = &memory->known[memory->known_count++];
    uint64_t places;

    if (fields->count != 7 || !decode_number(&places, fields->at[2]))
        return false;
    known->is_active = fields->at[1][0] == 'a';
    known->places = (uint32_t)places;
    return decode_time(&known->since, fields->at[3]) &&
           decode_text(&known->id, fields->at[4]) && known->id.data != NULL &&
           decode_digest(known->sha256, &known->has_sha256, fields->at[5]) &&
           decode_text(&known->name, fields->at[6]) &&
           (memory->known_count == 1 || ot_span_compare(known[-1].id, known->id) < 0);
}

static bool parse_news(struct ot_memory *memory, const struct fields *fields)
{
    struct ot_news *news = &memory->news[memory->news_count++];
    const char *sign;

    if (fields->count != 9 || fields->at[3][0] == '\0')
        return false;
    sign = memchr(signs, fields->at[3][0], sizeof(signs));
    if (sign == NULL)
        return false;
    news->sign = (enum ot_sign)(sign - signs);
    return decode_number(&news->number, fields->at[1]) &&
           decode_time(&news->at, fields->at[2]) &&
           decode_text(&news->what, fields->at[4]) && news->what.data != NULL &&
           decode_text(&news->id, fields->at[5]) && news->id.data != NULL &&
           decode_digest(news->sha256, &news->has_sha256, fields->at[6]) &&
           decode_text(&news->name, fields->at[7]) &&
           decode_text(&news->detail, fields->at[8]);
}

static bool parse_line(struct ot_memory *memory, char *line)
{
    struct fields fields = split_fields(line);

    switch (fields.at[0][0]) {
    case 'k':
        return parse_known(memory, &fields);
    case 'n':
        return memory->news_count < OT_NEWS_KEPT_MAX && parse_news(memory, &fields);
    default:
        return false;
    }
}

/* Room for as many as there are lines of a kind. */
static bool make_room_for_lines(struct ot_memory *memory, const char *text)
{
    size_t known = 0;

    for (const char *at = strchr(text, '\n'); at != NULL; at = strchr(at + 1, '\n'))
        known += at[1] == 'k';
    memory->known = calloc(known + 1, sizeof(*memory->known));
    memory->news = calloc(OT_NEWS_KEPT_MAX, sizeof(*memory->news));
    return memory->known != NULL && memory->news != NULL;
}

static bool make_room_for_one(struct ot_memory *memory)
{
    memory->known = calloc(1, sizeof(*memory->known));
    return memory->known != NULL;
}

/* Whether what stands before the last line has the checksum that it says. */
static bool is_whole(char *text, size_t len)
{
    uint8_t sum[8], said[8];
    uint64_t hash;

    if (len < END_LEN || text[len - 1] != '\n' ||
        strncmp(text + len - END_LEN, "end ", 4) != 0 ||
        !ot_hex_read(said, sizeof(said), text + len - END_LEN + 4))
        return false;
    hash = ot_span_hash(ot_span_of(text, len - END_LEN));
    for (int i = 0; i < 8; i++)
        sum[i] = (uint8_t)(hash >> (56 - 8 * i));
    text[len - END_LEN] = '\0';
    return memcmp(sum, said, sizeof(sum)) == 0;
}

static bool parse_all_lines(struct ot_memory *memory, char *rest)
{
    bool good = true;

    while (good && rest != NULL && *rest != '\0')
        good = parse_line(memory, strsep(&rest, "\n"));
    return good;
}

/* The line of a certificate, cut out of the lines. Its id is a field, as are numbers that
 * it may look like. */
static bool parse_one_line(struct ot_memory *memory, char *lines, struct ot_span id)
{
    char field[OT_ID_MAX + 3], *at = lines, *line, *before;
    int len =
        snprintf(field, sizeof(field), "\t%.*s\t", (int)id.len, (const char *)id.data);

    while (lines != NULL && (at = strstr(at, field)) != NULL) {
        before = memrchr(lines, '\n', (size_t)(at - lines));
        line = before != NULL ? before + 1 : lines;
        if (line[0] != 'k')
            return true; /* news come behind all certificates */
        lines = strchr(at + len - 1, '\n');
        if (lines == NULL)
            return false;
        *lines++ = '\0';
        at = lines;
        if (!parse_line(memory, line))
            return false;
        if (ot_span_equal(memory->known[0].id, id))
            return true;
        memory->known_count = 0;
    }
    return true;
}

/* only NULL: all of it. */
static enum ot_status parse_memory(struct ot_memory *memory, const struct ot_span *only,
                                   size_t len, const char *path, struct ot_error *err)
{
    char *rest = memory->text;
    bool good = strlen(rest) == len && is_whole(rest, len);

    if (good &&
        !(only != NULL ? make_room_for_one(memory) : make_room_for_lines(memory, rest)))
        return ot_error_nomem(err);
    good = good && parse_memory_head(memory, strsep(&rest, "\n"));
    good = good && (only != NULL ? parse_one_line(memory, rest, *only)
                                 : parse_all_lines(memory, rest));
    if (good)
        return OT_OK;
    return ot_error_set(err, OT_E_CORRUPT,
                        "%s is damaged or of another version; the next sync that sees a "
                        "change begins it anew",
                        path);
}

static enum ot_status read_text(struct ot_memory *memory, size_t *len, int fd,
                                const char *path, struct ot_error *err)
{
    struct stat st;
    ssize_t got;

    if (fstat(fd, &st) != 0)
        return ot_error_errno(err, OT_E_IO, errno, "cannot examine %s", path);
    memory->text = malloc((size_t)st.st_size + 1);
    if (memory->text == NULL)
        return ot_error_nomem(err);
    got = ot_read_all(fd, memory->text, (size_t)st.st_size);
    if (got < 0)
        return ot_error_errno(err, OT_E_IO, errno, "cannot read %s", path);
    memory->text[got] = '\0';
    *len = (size_t)got;
    return OT_OK;
}

static enum ot_status read_memory(struct ot_memory *memory,
                                  const struct ot_source *source,
                                  const struct ot_span *only, struct ot_error *err)
{
    char path[PATH_MAX];
    enum ot_status status = ot_source_path(path, source, OT_SOURCE_MEMORY, err);
    size_t len = 0;
    int fd = -1;

    *memory = (struct ot_memory){0};
    if (status == OT_OK)
        status = ot_path_open(&fd, path, OT_MEMORY_BYTES_MAX, err);
    if (status == OT_E_NOT_FOUND) {
        ot_error_clear(err);
        return OT_OK;
    }
    if (status != OT_OK)
        return status;
    status = read_text(memory, &len, fd, path, err);
    close(fd);
    if (status == OT_OK)
        status = parse_memory(memory, only, len, path, err);
    if (status != OT_OK)
        ot_memory_clear(memory);
    return status;
}

enum ot_status ot_memory_read(struct ot_memory *memory, const struct ot_source *source,
                              struct ot_error *err)
{
    return read_memory(memory, source, NULL, err);
}

enum ot_status ot_memory_read_one(struct ot_memory *memory,
                                  const struct ot_source *source, struct ot_span id,
                                  struct ot_error *err)
{
    return read_memory(memory, source, &id, err);
}

bool ot_memory_read_head(struct ot_memory *memory, const struct ot_source *source)
{
    char path[PATH_MAX], head[HEAD_BYTES_MAX + 1];
    char *rest = head;
    ssize_t got;
    int fd;

    *memory = (struct ot_memory){0};
    if (ot_source_path(path, source, OT_SOURCE_MEMORY, NULL) != OT_OK ||
        ot_path_open(&fd, path, OT_MEMORY_BYTES_MAX, NULL) != OT_OK)
        return false;
    got = ot_read_all(fd, head, HEAD_BYTES_MAX);
    close(fd);
    head[got > 0 ? got : 0] = '\0';
    return parse_memory_head(memory, strsep(&rest, "\n"));
}

static void write_text(FILE *to, struct ot_span text)
{
    size_t plain = 0; /* what begins here and is to be written as it is */

    if (text.data == NULL) {
        fputc('-', to);
        return;
    }
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];

        if (c >= ' ' && c != 0x7f && c != '%' && (c != '-' || text.len > 1))
            continue;
        fwrite(text.data + plain, 1, i - plain, to);
        fprintf(to, "%%%02x", c);
        plain = i + 1;
    }
    fwrite(text.data + plain, 1, text.len - plain, to);
}

static void write_digest(FILE *to, const uint8_t *sha256, bool is_there)
{
    char hex[2 * OT_SHA256_LEN + 1] = "-";

    if (is_there)
        ot_hex_write(hex, sha256, OT_SHA256_LEN);
    fputs(hex, to);
}

static void write_mark(FILE *to, const struct ot_mark *mark)
{
    fprintf(to, "\t%" PRIu64, mark->number);
    for (int sign = 0; sign < OT_SIGN_COUNT; sign++)
        fprintf(to, "\t%" PRIu64, mark->signs[sign]);
}

static void write_known(FILE *to, const struct ot_known *known)
{
    fprintf(to, "k\t%c\t%" PRIu32 "\t%" PRId64 "\t", known->is_active ? 'a' : 'i',
            known->places, known->since);
    write_text(to, known->id);
    fputc('\t', to);
    write_digest(to, known->sha256, known->has_sha256);
    fputc('\t', to);
    write_text(to, known->name);
    fputc('\n', to);
}

static void write_news(FILE *to, const struct ot_news *news)
{
    fprintf(to, "n\t%" PRIu64 "\t%" PRId64 "\t%c\t", news->number, news->at,
            signs[news->sign]);
    write_text(to, news->what);
    fputc('\t', to);
    write_text(to, news->id);
    fputc('\t', to);
    write_digest(to, news->sha256, news->has_sha256);
    fputc('\t', to);
    write_text(to, news->name);
    fputc('\t', to);
    write_text(to, news->detail);
    fputc('\n', to);
}

static void write_body(FILE *to, const struct ot_memory *memory)
{
    fprintf(to,
            MAGIC "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRIu64 "\t%" PRIu64
                  "\t%" PRId64,
            memory->began_at, memory->at, memory->again_at, memory->inode, memory->bytes,
            memory->written_at);
    write_mark(to, &memory->last);
    write_mark(to, &memory->next);
    fputc('\n', to);
    for (size_t i = 0; i < memory->known_count; i++)
        write_known(to, &memory->known[i]);
    for (size_t i = 0; i < memory->news_count; i++)
        write_news(to, &memory->news[i]);
}

enum ot_status ot_memory_write(const struct ot_memory *memory,
                               const struct ot_source *source, struct ot_error *err)
{
    char path[PATH_MAX], *text = NULL;
    enum ot_status status = ot_source_path(path, source, OT_SOURCE_MEMORY, err);
    size_t len = 0;
    FILE *to = status == OT_OK ? open_memstream(&text, &len) : NULL;

    if (status == OT_OK && to == NULL)
        return ot_error_nomem(err);
    if (status != OT_OK)
        return status;
    write_body(to, memory);
    fflush(to);
    if (text != NULL)
        fprintf(to, "end %016" PRIx64 "\n", ot_span_hash(ot_span_of(text, len)));
    if (ot_memory_stream_end(to, &text) == NULL)
        status = ot_error_nomem(err);
    ot_file_reap(path);
    if (status == OT_OK && len > OT_MEMORY_BYTES_MAX)
        status = ot_error_set(err, OT_E_IO, "%s would be longer than %u bytes", path,
                              OT_MEMORY_BYTES_MAX);
    if (status == OT_OK)
        status = ot_file_replace(path, text, len, 0644, err);
    free(text);
    return status;
}
