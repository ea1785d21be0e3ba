/* A line in bash: its words without their quotes, and how a word has to be written so
 * that it can take the place of the one under the cursor. */
#ifndef OT_COMPLETE_BASH_LINE_H
#define OT_COMPLETE_BASH_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cache/error.h"

struct ot_bash_line {
    char **words; /* redirections left out; the last is the one to complete, may be "" */
    size_t count; /* at least 1 */
    bool is_redirection; /* the last word is the file of one */
    /* readline replaces only what is behind the last unquoted word break, or behind a
     * quote that is still open: so many bytes of the last word stay, ... */
    size_t kept;
    char quote; /* ... and what follows stands in these quotes, ' or " or 0 */
    char *text;
};

/* line is COMP_LINE up to COMP_POINT, breaks is COMP_WORDBREAKS. Expands nothing. */
enum ot_status ot_bash_line_init(struct ot_bash_line *line, const char *text,
                                 const char *breaks, struct ot_error *err);
void ot_bash_line_clear(struct ot_bash_line *line);

/* Writes what takes the place of the last word to make it `word`, which begins with it.
 */
void ot_bash_line_quote(const struct ot_bash_line *line, const char *word, FILE *out);

#endif
