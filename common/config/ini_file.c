#include "config/ini_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

#define FIRST_ROOM 4096u

struct parse {
    const struct ot_ini *ini;
    unsigned line; /* from 1 */
    struct ot_error *err;
};

static enum ot_status refuse_line(const struct parse *p, const char *why)
{
    return ot_error_set(p->err, p->ini->malformed, "%s", why);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_comment(char c)
{
    return c == ';' || c == '#';
}

static char *skip_blanks(char *at)
{
    return at + strspn(at, " \t");
}

static enum ot_status check_bytes(const struct parse *p, const char *line, size_t len)
{
    if (!ot_text_is_utf8(line, len))
        return refuse_line(p, "the line is not UTF-8");
    for (size_t i = 0; i < len; i++)
        if (((unsigned char)line[i] < ' ' && line[i] != '\t') || line[i] == 0x7f)
            return refuse_line(p, "the line holds a control character");
    return OT_OK;
}

static enum ot_status read_section(const struct parse *p, char *line)
{
    char *close = strchr(line, ']');
    const char *rest;

    if (close == NULL)
        return refuse_line(p, "the section has no ']'");
    rest = skip_blanks(close + 1);
    if (*rest != '\0' && !(is_comment(*rest) && rest > close + 1))
        return refuse_line(p, "there is text behind the section's ']'");
    if (p->ini->section == NULL)
        return refuse_line(p, "there are no sections in this file");
    *close = '\0';
    return p->ini->section(p->ini->arg, line + 1, p->line, p->err);
}

/* Ends the text before a semicolon behind a blank, and before the blanks at its end. */
static void cut_comment(char *text)
{
    size_t len = 0;

    while (text[len] != '\0' && !(text[len] == ';' && len > 0 && is_blank(text[len - 1])))
        len++;
    while (len > 0 && is_blank(text[len - 1]))
        len--;
    text[len] = '\0';
}

static enum ot_status read_pair(const struct parse *p, char *line)
{
    char *value;

    cut_comment(line);
    value = strpbrk(line, "=:");
    if (value == NULL)
        return refuse_line(
            p, "the line is neither 'key = value' nor '[section]' nor a comment");
    *value++ = '\0';
    cut_comment(line);
    return p->ini->pair(p->ini->arg, line, skip_blanks(value), p->line, p->err);
}

/* line[0..len) with a byte behind it that becomes its end. */
static enum ot_status take_line(const struct parse *p, char *line, size_t len)
{
    enum ot_status status = check_bytes(p, line, len);
    const char *begin;

    if (status != OT_OK)
        return status;
    line[len] = '\0';
    begin = skip_blanks(line);
    if (*begin == '\0' || is_comment(*begin))
        return OT_OK;
    if (begin != line)
        return refuse_line(p,
                           "the line is indented: begin it in the first column (a value "
                           "cannot go on in a second line)");
    return *line == '[' ? read_section(p, line) : read_pair(p, line);
}

enum ot_status ot_ini_parse(const struct ot_ini *ini, const char *path, char *text,
                            size_t len, struct ot_error *err)
{
    struct parse p = {ini, 0, err};
    char *line = text, *end = text + len;
    enum ot_status status = OT_OK;

    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        line += 3;
    while (status == OT_OK && line < end) {
        char *next = memchr(line, '\n', (size_t)(end - line));
        size_t n = (size_t)((next == NULL ? end : next) - line);

        p.line++;
        status = take_line(&p, line, n > 0 && line[n - 1] == '\r' ? n - 1 : n);
        line += n + 1;
    }
    if (status != OT_OK)
        ot_error_prefix(err, "%s:%u", path, p.line);
    return status;
}

/* Room for what comes next: a page at first, which nearly every file fits into, then
 * twice as much, up to one byte more than allowed, to notice a file that grew after it
 * was examined. */
static bool make_room_for_text(char **text, size_t len, size_t *room, size_t max_bytes)
{
    size_t wanted = *room == 0 ? FIRST_ROOM : *room * 2;
    char *grown;

    if (len < *room)
        return true;
    if (wanted > max_bytes + 1)
        wanted = max_bytes + 1;
    grown = realloc(*text, wanted);
    if (grown == NULL)
        return false;
    *text = grown;
    *room = wanted;
    return true;
}

enum ot_status ot_ini_read(const struct ot_ini *ini, const char *path, int fd,
                           size_t max_bytes, struct ot_error *err)
{
    enum ot_status status = OT_OK;
    size_t len = 0, room = 0;
    char *text = NULL;
    ssize_t n = 1;

    while (n != 0 && len <= max_bytes && status == OT_OK) {
        if (!make_room_for_text(&text, len, &room, max_bytes)) {
            status = ot_error_nomem(err);
            break;
        }
        n = read(fd, text + len, room - len);
        if (n > 0)
            len += (size_t)n;
        else if (n < 0 && errno != EINTR)
            status = ot_error_errno(err, OT_E_IO, errno, "cannot read %s", path);
    }
    if (status == OT_OK && len > max_bytes)
        status = ot_error_set(err, ini->malformed, "%s is longer than %zu bytes", path,
                              max_bytes);
    if (status == OT_OK)
        status = ot_ini_parse(ini, path, text, len, err);
    free(text);
    return status;
}
