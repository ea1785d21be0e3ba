/* What may stand next on a command line: completion in bash, zsh and fish.
 *
 * A program describes its commands and options once, in the tables that it parses and
 * explains itself by; the scripts in conf/completion know none of them but ask it, by
 *
 *     PROGRAM complete bash TYPE BREAKS LINE     see bash_line.h
 *     PROGRAM complete zsh WORD ...              the last word is the one to complete
 *     PROGRAM complete fish WORD ...
 *
 * The answer's first line says what is wanted: `words`, which follow, one a line, or the
 * shell's own `files` or `directories`. zsh and fish get every word that may stand there,
 * a tab and its description, and choose by themselves; bash gets those that begin with
 * what was typed, quoted so that it can put them into the line. */
#ifndef OT_COMPLETE_COMPLETE_H
#define OT_COMPLETE_COMPLETE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cache/error.h"

struct ot_option_info {
    const char *name;     /* without the dashes */
    const char *argument; /* what it stands for in a usage line; NULL: takes none */
    const char *help;
};

struct ot_complete_command {
    const char *name;      /* "sync", "key create"; "" is the program without a command */
    const char *arguments; /* of the usage line: "FILE|- ...", "[STACK ...]", or "" */
    const char *summary;
};

struct ot_complete;

/* What an argument is called decides what is offered for it. FILE, FILE|- and PATH are
 * files, DIR is a directory, and words in small letters ("admin|read") are themselves; of
 * all others the program knows more, or nothing. */
struct ot_complete_program {
    /* The command number i of those that there are; false: there are no more. */
    bool (*command)(struct ot_complete_command *out, size_t i);
    /* Its option number i; NULL: it has no more. */
    const struct ot_option_info *(*option)(size_t command, size_t i);
    /* Adds what argument stands for; silently nothing where that cannot be known. */
    void (*values)(struct ot_complete *complete, const char *argument);
};

/* What follows `complete` on the command line. */
enum ot_status ot_complete_run(const struct ot_complete_program *program, int argc,
                               char **argv, FILE *out, struct ot_error *err);

/* For `values`: one more word that may stand there. description may be NULL. */
void ot_complete_add(struct ot_complete *complete, const char *word,
                     const char *description);
/* What has been typed of the word, as far as that is known; never NULL. */
const char *ot_complete_typed(const struct ot_complete *complete);
/* Whether the option is on the line, and the value that it has there; NULL: none. */
bool ot_complete_has(const struct ot_complete *complete, const char *option);
const char *ot_complete_value(const struct ot_complete *complete, const char *option);

#endif
