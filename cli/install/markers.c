#include "install/markers_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* `#` begins a comment in every file that these are written to. */
struct words {
    const char *begin;
    /* The line before was the file's last and had no newline: the one that is there is
     * ours. */
    const char *begin_behind;
    const char *end;
};

static const struct words of_install = {
    "# >>> written by orgtrust install; orgtrust uninstall removes it >>>\n",
    "# >>> written by orgtrust install; orgtrust uninstall removes it, and the line end "
    "before >>>\n",
    "# <<< written by orgtrust install <<<\n",
};
static const struct words of_setup = {
    "# >>> written by orgtrust setup; orgtrust setup --undo removes it >>>\n",
    "# >>> written by orgtrust setup; orgtrust setup --undo removes it, and the line end "
    "before >>>\n",
    "# <<< written by orgtrust setup <<<\n",
};

static enum ot_status join_parts(struct ot_file_state *to, const char *const *parts,
                                 const size_t *lens, size_t count, struct ot_error *err)
{
    size_t len = 0, at = 0;
    char *data;

    for (size_t i = 0; i < count; i++)
        len += lens[i];
    data = malloc(len + 1);
    if (data == NULL)
        return ot_error_nomem(err);
    for (size_t i = 0; i < count; i++) {
        if (lens[i] > 0)
            memcpy(data + at, parts[i], lens[i]);
        at += lens[i];
    }
    data[len] = '\0';
    ot_file_state_set(to, data, len);
    return OT_OK;
}

/* At offset, the beginning of a line of text or its end. */
static enum ot_status insert_lines(struct ot_file_state *to, const struct words *words,
                                   const struct ot_file_state *text, size_t offset,
                                   const char *body, struct ot_error *err)
{
    bool is_ended = offset == 0 || text->data[offset - 1] == '\n';

    /* Behind a line that somebody has gone on after. */
    if (!is_ended && offset < text->len && text->data[offset] == '\n') {
        is_ended = true;
        offset++;
    }
    const char *newline = is_ended ? "" : "\n";
    const char *begin = is_ended ? words->begin : words->begin_behind;
    const char *rest = text->len > offset ? text->data + offset : "";
    const char *const parts[] = {text->data, newline, begin, body, words->end, rest};
    const size_t lens[] = {offset,       strlen(newline),    strlen(begin),
                           strlen(body), strlen(words->end), text->len - offset};

    return join_parts(to, parts, lens, 6, err);
}

enum ot_status ot_markers_append(struct ot_file_state *to,
                                 const struct ot_file_state *text, const char *body,
                                 struct ot_error *err)
{
    return insert_lines(to, &of_install, text, text->len, body, err);
}

enum ot_status ot_markers_prepend(struct ot_file_state *to,
                                  const struct ot_file_state *text, const char *body,
                                  struct ot_error *err)
{
    return insert_lines(to, &of_install, text, 0, body, err);
}

enum ot_status ot_markers_insert_setup(struct ot_file_state *to,
                                       const struct ot_file_state *text, size_t offset,
                                       const char *body, struct ot_error *err)
{
    return insert_lines(to, &of_setup, text, offset, body, err);
}

/* Where a whole line of text is exactly line; NULL: nowhere. */
static const char *find_line(const char *text, size_t len, const char *line)
{
    const char *at = text, *end = text + len;
    size_t line_len = strlen(line);

    while (at != NULL && (at = memmem(at, (size_t)(end - at), line, line_len)) != NULL) {
        if (at == text || at[-1] == '\n')
            return at;
        at++;
    }
    return NULL;
}

struct lines {
    const char *begin, *end; /* in the text; begin NULL: they are not there */
};

/* What words begin; NULL: nothing. */
static const char *find_begin(const struct words *words, const struct ot_file_state *text)
{
    const char *data = text->len > 0 ? text->data : "";
    const char *begin = find_line(data, text->len, words->begin);

    if (begin != NULL)
        return begin;
    begin = find_line(data, text->len, words->begin_behind);
    if (begin != NULL)
        begin -= begin > data; /* the newline that was not there */
    return begin;
}

/* Those that begin there, NULL: none. */
static enum ot_status end_lines(struct lines *lines, const char *begin,
                                const struct words *words,
                                const struct ot_file_state *text, struct ot_error *err)
{
    const char *end;

    *lines = (struct lines){.begin = NULL};
    if (begin == NULL)
        return OT_OK;
    end = find_line(begin + 1, (size_t)(text->data + text->len - begin - 1), words->end);
    if (end == NULL)
        return ot_error_set(err, OT_E_CONFIG,
                            "the lines of orgtrust begin, but the line that ends "
                            "them (%.*s) is gone: remove them by hand",
                            (int)strlen(words->end) - 1, words->end);
    *lines = (struct lines){begin, end + strlen(words->end)};
    return OT_OK;
}

/* *to becomes text without the lines that begin there, NULL: text. */
static enum ot_status cut_lines(struct ot_file_state *to, const char *begin,
                                const struct words *words,
                                const struct ot_file_state *text, bool *found,
                                struct ot_error *err)
{
    struct lines lines;
    enum ot_status status = end_lines(&lines, begin, words, text, err);
    const char *parts[2];
    size_t lens[2];

    *found = begin != NULL;
    if (status != OT_OK)
        return status;
    if (begin == NULL)
        return ot_file_state_copy(to, text, err);
    parts[0] = text->data;
    lens[0] = (size_t)(lines.begin - text->data);
    parts[1] = lines.end;
    lens[1] = (size_t)(text->data + text->len - lines.end);
    /* Somebody went on behind us: the line before must not run into that. */
    if (*lines.begin == '\n' && lens[1] > 0)
        lens[0]++;
    return join_parts(to, parts, lens, 2, err);
}

enum ot_status ot_markers_strip(struct ot_file_state *to, const char *path,
                                const struct ot_file_state *text, bool *found,
                                struct ot_error *err)
{
    (void)path;
    return cut_lines(to, find_begin(&of_install, text), &of_install, text, found, err);
}

enum ot_status ot_markers_strip_line(struct ot_file_state *to, const char *line,
                                     const struct ot_file_state *text, bool *found,
                                     struct ot_error *err)
{
    const char *data = text->len > 0 ? text->data : "";
    char head[256];

    snprintf(head, sizeof(head), "%s%s", of_install.begin, line);
    return cut_lines(to, find_line(data, text->len, head), &of_install, text, found, err);
}

enum ot_status ot_markers_strip_setup(struct ot_file_state *to, const char *path,
                                      const struct ot_file_state *text, bool *found,
                                      struct ot_error *err)
{
    (void)path;
    return cut_lines(to, find_begin(&of_setup, text), &of_setup, text, found, err);
}

bool ot_markers_find_setup(const struct ot_file_state *text, size_t *offset, size_t *len)
{
    struct lines lines;

    if (end_lines(&lines, find_begin(&of_setup, text), &of_setup, text, NULL) != OT_OK ||
        lines.begin == NULL)
        return false;
    *offset = (size_t)(lines.begin - text->data);
    *len = (size_t)(lines.end - lines.begin);
    return true;
}
