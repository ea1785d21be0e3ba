#include "install/markers_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* `#` begins a comment in every file that these are written to. */
#define BEGIN "# >>> written by orgtrust install; orgtrust uninstall removes it >>>\n"
/* The line before was the file's last and had no newline: the one that is there is ours.
 */
#define BEGIN_BEHIND                                                                     \
    "# >>> written by orgtrust install; orgtrust uninstall removes it, and the line "    \
    "end "                                                                               \
    "before >>>\n"
#define END "# <<< written by orgtrust install <<<\n"

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

enum ot_status ot_markers_append(struct ot_file_state *to,
                                 const struct ot_file_state *text, const char *body,
                                 struct ot_error *err)
{
    bool is_ended = text->len == 0 || text->data[text->len - 1] == '\n';
    const char *begin = is_ended ? BEGIN : "\n" BEGIN_BEHIND;
    const char *const parts[] = {text->data, begin, body, END};
    const size_t lens[] = {text->len, strlen(begin), strlen(body), strlen(END)};

    return join_parts(to, parts, lens, 4, err);
}

enum ot_status ot_markers_prepend(struct ot_file_state *to,
                                  const struct ot_file_state *text, const char *body,
                                  struct ot_error *err)
{
    const char *const parts[] = {BEGIN, body, END, text->data};
    const size_t lens[] = {strlen(BEGIN), strlen(body), strlen(END), text->len};

    return join_parts(to, parts, lens, 4, err);
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

/* *to becomes text without the block that begins there, NULL: text. */
static enum ot_status cut_block(struct ot_file_state *to, const char *begin,
                                const struct ot_file_state *text, bool *found,
                                struct ot_error *err)
{
    const char *data = text->len > 0 ? text->data : "", *all_end = data + text->len;
    const char *end, *parts[2];
    size_t lens[2];

    *found = begin != NULL;
    if (begin == NULL)
        return ot_file_state_copy(to, text, err);
    end = find_line(begin + 1, (size_t)(all_end - begin - 1), END);
    if (end == NULL)
        return ot_error_set(err, OT_E_CONFIG,
                            "the lines of orgtrust install begin, but the line that ends "
                            "them (%.*s) is gone: remove them by hand",
                            (int)strlen(END) - 1, END);
    end += strlen(END);
    parts[0] = data;
    lens[0] = (size_t)(begin - data);
    parts[1] = end;
    lens[1] = (size_t)(all_end - end);
    /* Somebody went on behind us: the line before must not run into that. */
    if (*begin == '\n' && lens[1] > 0)
        lens[0]++;
    return join_parts(to, parts, lens, 2, err);
}

enum ot_status ot_markers_strip(struct ot_file_state *to, const char *path,
                                const struct ot_file_state *text, bool *found,
                                struct ot_error *err)
{
    const char *data = text->len > 0 ? text->data : "";
    const char *begin = find_line(data, text->len, BEGIN);

    (void)path;
    if (begin == NULL) {
        begin = find_line(data, text->len, BEGIN_BEHIND);
        if (begin != NULL)
            begin -= begin > data; /* the newline that was not there */
    }
    return cut_block(to, begin, text, found, err);
}

enum ot_status ot_markers_strip_line(struct ot_file_state *to, const char *line,
                                     const struct ot_file_state *text, bool *found,
                                     struct ot_error *err)
{
    const char *data = text->len > 0 ? text->data : "";
    char head[sizeof(BEGIN) + 64];

    snprintf(head, sizeof(head), BEGIN "%s", line);
    return cut_block(to, find_line(data, text->len, head), text, found, err);
}
