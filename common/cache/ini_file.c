#include "cache/ini_file.h"

#include <errno.h>
#include <ini.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache/text.h"

#define FIRST_ROOM 4096u

/* inih knows neither where it is nor that it should stop; this does. */
struct parse {
    const struct ot_ini *ini;
    const char *path;
    const char *next, *end;
    unsigned line; /* the one handed to inih last, from 1 */
    enum ot_status status;
    struct ot_error *err;
};

static void fail(struct parse *p, enum ot_status status)
{
    p->status = status;
    ot_error_prefix(p->err, "%s:%u", p->path, p->line);
}

static bool refuse(struct parse *p, const char *why)
{
    fail(p, ot_error_set(p->err, p->ini->malformed, "%s", why));
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_comment(char c)
{
    return c == ';' || c == '#';
}

static bool check_bytes(struct parse *p, const char *line, size_t len)
{
    size_t i, indent = 0;

    if (len > OT_INI_LINE_MAX)
        return refuse(p, "the line is longer than 197 bytes");
    if (!ot_text_is_utf8(line, len))
        return refuse(p, "the line is not UTF-8");
    for (i = 0; i < len; i++)
        if (((unsigned char)line[i] < ' ' && line[i] != '\t') || line[i] == 0x7f)
            return refuse(p, "the line holds a control character");
    while (indent < len && is_blank(line[indent]))
        indent++;
    /* inih would take it for more of the value above. */
    if (indent > 0 && indent < len && !is_comment(line[indent]))
        return refuse(p, "the line is indented: begin it in the first column "
                         "(a value cannot go on in a second line)");
    return true;
}

/* inih reports no section that is empty, and cuts long names. */
static bool take_section(struct parse *p, const char *line, size_t len)
{
    const char *close = memchr(line, ']', len);
    char name[OT_INI_LINE_MAX + 1];
    enum ot_status status;
    size_t n, rest;

    if (close == NULL)
        return refuse(p, "the section has no ']'");
    n = (size_t)(close - line) - 1;
    for (rest = n + 2; rest < len && is_blank(line[rest]); rest++)
        ;
    if (rest < len && !(is_comment(line[rest]) && rest > n + 2))
        return refuse(p, "there is text behind the section's ']'");
    if (p->ini->section == NULL)
        return refuse(p, "there are no sections in this file");
    memcpy(name, line + 1, n);
    name[n] = '\0';
    status = p->ini->section(p->ini->arg, name, p->line, p->err);
    if (status != OT_OK)
        fail(p, status);
    return status == OT_OK;
}

/* inih's reader, like fgets. Only whole, checked lines reach it. */
static char *read_line(char *out, int size, void *stream)
{
    struct parse *p = stream;
    const char *line = p->next, *end;
    size_t len;

    if (p->status != OT_OK || line == p->end)
        return NULL;
    end = memchr(line, '\n', (size_t)(p->end - line));
    p->next = end == NULL ? p->end : end + 1;
    len = (size_t)((end == NULL ? p->end : end) - line);
    if (len > 0 && line[len - 1] == '\r')
        len--;
    p->line++;
    if (!check_bytes(p, line, len))
        return NULL;
    if (len > 0 && line[0] == '[' && !take_section(p, line, len))
        return NULL;
    if (size < 2 || len > (size_t)size - 2) {
        refuse(p, "the line is longer than the INI library reads");
        return NULL;
    }
    memcpy(out, line, len);
    memcpy(out + len, "\n", 2);
    return out;
}

static int take_pair(void *user, const char *section, const char *key, const char *value)
{
    struct parse *p = user;
    enum ot_status status;

    (void)section; /* cut at 49 bytes; take_section has the whole */
    if (p->status != OT_OK)
        return 0;
    status = p->ini->pair(p->ini->arg, key, value, p->line, p->err);
    if (status != OT_OK)
        fail(p, status);
    return status == OT_OK;
}

enum ot_status ot_ini_parse(const struct ot_ini *ini, const char *path, const char *text,
                            size_t len, struct ot_error *err)
{
    struct parse p = {ini, path, text, text + len, 0, OT_OK, err};
    int first_bad;

    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        p.next += 3;
    first_bad = ini_parse_stream(read_line, &p, take_pair, &p);
    /* A line that inih could not split does not stop it: an error of ours may lie behind
     * that line, or there is none. The first one counts. */
    if (first_bad > 0 && (p.status == OT_OK || (unsigned)first_bad < p.line)) {
        p.line = (unsigned)first_bad;
        refuse(&p, "the line is neither 'key = value' nor '[section]' nor a comment");
    }
    return p.status;
}

/* Room for what comes next: a page at first, which nearly every file fits into, then
 * twice as much, up to one byte more than allowed, to notice a file that grew after it
 * was examined. */
static bool make_room(char **text, size_t len, size_t *room, size_t max_bytes)
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
        if (!make_room(&text, len, &room, max_bytes)) {
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
