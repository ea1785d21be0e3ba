#include "complete/bash_line.h"

#include <stdlib.h>
#include <string.h>

/* Where the reading of a line is. */
struct reader {
    struct ot_bash_line *line;
    char *end;           /* of the text, behind the word that is being read */
    size_t after_break;  /* of the word, outside quotes */
    bool is_word;        /* it has begun, if only with a quote */
    bool is_redirection; /* it is the file of one */
};

static char *word_start(const struct reader *reader)
{
    return reader->line->words[reader->line->count];
}

static size_t word_len(const struct reader *reader)
{
    return (size_t)(reader->end - word_start(reader));
}

static void begin_word(struct reader *reader)
{
    reader->line->words[reader->line->count] = reader->end;
    reader->line->kept = reader->after_break = 0;
    reader->is_word = false;
}

static void put(struct reader *reader, char c)
{
    *reader->end++ = c;
    reader->is_word = true;
}

static void end_word(struct reader *reader)
{
    if (!reader->is_word)
        return;
    *reader->end++ = '\0';
    if (reader->is_redirection)
        reader->end = word_start(reader);
    else
        reader->line->count++;
    reader->is_redirection = false;
    begin_word(reader);
}

/* `>`, `2>&`, `>|`, `<`: what is glued to the left of it belongs to it. Returns the last
 * character of the operator. */
static const char *begin_redirection(struct reader *reader, const char *at)
{
    *reader->end = '\0';
    if (word_start(reader)[strspn(word_start(reader), "0123456789&")] != '\0' ||
        reader->is_redirection)
        end_word(reader);
    reader->end = word_start(reader);
    begin_word(reader);
    reader->is_redirection = true;
    return at + strspn(at, "<>|&") - 1;
}

/* One character inside quotes. Returns the last one that belongs to it. */
static const char *read_quoted(struct reader *reader, const char *at)
{
    char *quote = &reader->line->quote;

    if (*at == *quote) {
        *quote = '\0';
        reader->line->kept = reader->after_break;
        return at;
    }
    if (*at == '\\' && *quote == '"' && at[1] != '\0' && strchr("\\\"$`", at[1]) != NULL)
        at++;
    put(reader, *at);
    return at;
}

/* One character outside quotes. Returns the last one that belongs to it. */
static const char *read_plain(struct reader *reader, const char *at, const char *breaks)
{
    if (*at == ' ' || *at == '\t' || *at == '\n') {
        end_word(reader);
        return at;
    }
    if (*at == '<' || *at == '>')
        return begin_redirection(reader, at);
    if (*at == '"' || *at == '\'') {
        reader->line->quote = *at;
        reader->line->kept = word_len(reader);
        reader->is_word = true;
        return at;
    }
    if (*at == '\\') {
        if (at[1] != '\0')
            put(reader, *++at);
        return at;
    }
    put(reader, *at);
    if (strchr(breaks, *at) != NULL)
        reader->after_break = reader->line->kept = word_len(reader);
    return at;
}

enum ot_status ot_bash_line_init(struct ot_bash_line *line, const char *text,
                                 const char *breaks, struct ot_error *err)
{
    size_t len = strlen(text);
    struct reader reader = {.line = line};

    /* A word takes a byte more than its text, which the blank before the next one has;
     * two bytes at least, so there are no more words than half of them. */
    *line = (struct ot_bash_line){.text = malloc(len + 2)};
    line->words = calloc(len / 2 + 2, sizeof(*line->words));
    if (line->text == NULL || line->words == NULL) {
        ot_bash_line_clear(line);
        return ot_error_nomem(err);
    }
    reader.end = line->text;
    begin_word(&reader);
    for (const char *at = text; *at != '\0'; at++)
        at = line->quote != '\0' ? read_quoted(&reader, at)
                                 : read_plain(&reader, at, breaks);
    *reader.end = '\0';
    line->is_redirection = reader.is_redirection;
    line->count++;
    return OT_OK;
}

void ot_bash_line_clear(struct ot_bash_line *line)
{
    free(line->words);
    free(line->text);
    *line = (struct ot_bash_line){.text = NULL};
}

static bool is_plain(char c)
{
    return (unsigned char)c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || strchr("-_./,+%", c) != NULL;
}

/* A character that the quotes do not keep from the shell stands outside of them. In
 * double quotes `!` would ask for the history, even behind a backslash. Returns whether a
 * quote is what was written last. */
static bool put_quoted(char quote, char c, FILE *out)
{
    if (quote == '\'' && c == '\'')
        fputs("'\\''", out);
    else if (quote == '"' && c == '!')
        fputs("\"\\!\"", out);
    else if (quote == '"' ? strchr("\\\"$`", c) != NULL : quote == '\0' && !is_plain(c))
        fprintf(out, "\\%c", c);
    else
        fputc(c, out);
    return quote != '\0' && (c == quote || (quote == '"' && c == '!'));
}

void ot_bash_line_quote(const struct ot_bash_line *line, const char *word, FILE *out)
{
    bool ends_with_quote = false;

    for (const char *at = word + line->kept; *at != '\0'; at++)
        ends_with_quote = put_quoted(line->quote, *at, out);
    /* readline closes the quotes, but not where it sees one. */
    if (ends_with_quote)
        fputc(line->quote, out);
}
