#include "complete/complete.h"

#include <string.h>

#include "complete/bash_line.h"

#define LISTING "63" /* COMP_TYPE, '?': the words are shown and nothing is put in */
#define ARGUMENT_MAX 64

enum shell { SHELL_BASH, SHELL_ZSH, SHELL_FISH, SHELL_COUNT };

static const char *const shells[SHELL_COUNT] = {
    [SHELL_BASH] = "bash",
    [SHELL_ZSH] = "zsh",
    [SHELL_FISH] = "fish",
};

struct ot_complete {
    const struct ot_complete_program *program;
    enum shell shell;
    FILE *out;
    char *const *words; /* before the one to complete */
    size_t count;
    const char *current; /* the one to complete */
    size_t head;         /* bytes of it before the value: "--source=" */

    /* bash only. */
    struct ot_bash_line line;
    bool is_listing;

    /* What the words are, as far as they go. */
    size_t command;
    const struct ot_option_info *pending; /* the option whose value comes next */
    bool options_ended;                   /* by `--` */
    size_t arguments;
    size_t added;
};

const char *ot_complete_typed(const struct ot_complete *complete)
{
    return complete->current + complete->head;
}

/* "--source" or "--source=lab" */
static bool is_option(const char *word, const char *option)
{
    size_t len = strlen(option);

    return strncmp(word, "--", 2) == 0 && strncmp(word + 2, option, len) == 0 &&
           (word[2 + len] == '\0' || word[2 + len] == '=');
}

bool ot_complete_has(const struct ot_complete *complete, const char *option)
{
    for (size_t i = 0; i < complete->count; i++)
        if (is_option(complete->words[i], option))
            return true;
    return false;
}

const char *ot_complete_value(const struct ot_complete *complete, const char *option)
{
    const char *found = NULL;

    for (size_t i = 0; i < complete->count; i++) {
        const char *equals = strchr(complete->words[i], '=');

        if (!is_option(complete->words[i], option))
            continue;
        if (equals != NULL)
            found = equals + 1;
        else if (i + 1 < complete->count)
            found = complete->words[i + 1];
    }
    return found;
}

static void begin_answer(struct ot_complete *c, const char *kind)
{
    if (c->added++ == 0)
        fprintf(c->out, "%s\n", kind);
}

static void add_for_bash(struct ot_complete *c, const char *word, const char *description)
{
    size_t kept = c->line.kept;
    struct ot_bash_line value = c->line;

    if (strncmp(word, ot_complete_typed(c), strlen(ot_complete_typed(c))) != 0)
        return;
    begin_answer(c, "words");
    if (c->is_listing && description != NULL && *description != '\0') {
        fprintf(c->out, "%s  (%s)\n", word, description);
        return;
    }
    /* What of "--source=" is to be replaced, too, goes before the value. */
    if (kept < c->head)
        fprintf(c->out, "%.*s", (int)(c->head - kept), c->current + kept);
    value.kept = kept > c->head ? kept - c->head : 0;
    ot_bash_line_quote(&value, word, c->out);
    fputc('\n', c->out);
}

/* An argument that is on the line is not wanted a second time. */
static bool is_there(const struct ot_complete *c, const char *word)
{
    for (size_t i = 0; c->pending == NULL && i < c->count; i++)
        if (strcmp(c->words[i], word) == 0)
            return true;
    return false;
}

void ot_complete_add(struct ot_complete *c, const char *word, const char *description)
{
    if (is_there(c, word))
        return;
    if (c->shell == SHELL_BASH) {
        add_for_bash(c, word, description);
        return;
    }
    begin_answer(c, "words");
    /* fish compares with the whole word; zsh's script has put what is before `=` aside.
     */
    fprintf(c->out, "%.*s%s\t%s\n", c->shell == SHELL_FISH ? (int)c->head : 0, c->current,
            word, description != NULL ? description : "");
}

/* The next of the words that blanks part; *len 0: there is none. */
static const char *next_word(const char *at, size_t *len)
{
    at += strspn(at, " ");
    *len = strcspn(at, " ");
    return at;
}

static bool is_word(const char *word, const char *text, size_t len)
{
    return strlen(word) == len && strncmp(word, text, len) == 0;
}

/* How many words of the command's name are on the line, from its begin; *rest is what of
 * the name follows. */
static size_t count_of_name(const struct ot_complete *c, const char *name,
                            const char **rest)
{
    size_t n = 0, len;

    *rest = next_word(name, &len);
    while (len > 0 && n < c->count && is_word(c->words[n], *rest, len)) {
        *rest = next_word(*rest + len, &len);
        n++;
    }
    return n;
}

/* The command with the longest name that is there whole. Returns the words in its name.
 */
static size_t find_command(struct ot_complete *c)
{
    struct ot_complete_command command;
    size_t best = 0;

    for (size_t i = 0; c->program->command(&command, i); i++) {
        const char *rest;
        size_t n = count_of_name(c, command.name, &rest);

        if (*rest != '\0' || n < best)
            continue;
        best = n;
        c->command = i;
    }
    return best;
}

/* The option that "--name" or "--name=…" is. */
static const struct ot_option_info *find_option(const struct ot_complete *c,
                                                const char *word)
{
    const struct ot_option_info *info;

    for (size_t i = 0; (info = c->program->option(c->command, i)) != NULL; i++)
        if (is_word(info->name, word + 2, strcspn(word + 2, "=")))
            return info;
    return NULL;
}

static void read_word(struct ot_complete *c, const char *word)
{
    const struct ot_option_info *option;

    if (c->pending != NULL) {
        c->pending = NULL;
    } else if (c->options_ended || word[0] != '-' || word[1] == '\0') {
        c->arguments++;
    } else if (strcmp(word, "--") == 0) {
        c->options_ended = true;
    } else if (word[1] == '-') {
        option = find_option(c, word);
        if (option != NULL && option->argument != NULL && strchr(word, '=') == NULL)
            c->pending = option;
    }
}

/* "--source=" before the value, if that is what is being typed. */
static void read_current(struct ot_complete *c)
{
    const char *equals = strchr(c->current, '=');
    const struct ot_option_info *option;

    if (c->pending != NULL || c->options_ended || equals == NULL ||
        strncmp(c->current, "--", 2) != 0)
        return;
    option = find_option(c, c->current);
    if (option == NULL || option->argument == NULL)
        return;
    c->pending = option;
    c->head = (size_t)(equals + 1 - c->current);
}

/* "admin|read" */
static void add_alternatives(struct ot_complete *c, char *argument)
{
    char *next;

    for (char *word = argument; word != NULL; word = next) {
        next = strchr(word, '|');
        if (next != NULL)
            *next++ = '\0';
        ot_complete_add(c, word, NULL);
    }
}

/* argument[0..len) as a usage line has it, perhaps with brackets around it. */
static void add_values(struct ot_complete *c, const char *argument, size_t len)
{
    char name[ARGUMENT_MAX];
    size_t used = 0;

    for (size_t i = 0; i < len && used + 1 < sizeof(name); i++)
        if (strchr("[]", argument[i]) == NULL)
            name[used++] = argument[i];
    name[used] = '\0';
    if (strcmp(name, "FILE") == 0 || strcmp(name, "FILE|-") == 0 ||
        strcmp(name, "PATH") == 0)
        begin_answer(c, "files");
    else if (strcmp(name, "DIR") == 0)
        begin_answer(c, "directories");
    else if (name[0] >= 'a' && name[0] <= 'z')
        add_alternatives(c, name);
    else
        c->program->values(c, name);
}

/* The argument that comes after those that are there; "..." repeats the one before it. */
static void add_argument(struct ot_complete *c, const char *arguments)
{
    const char *last = NULL;
    size_t last_len = 0, len;
    const char *at = next_word(arguments, &len);

    for (size_t i = 0; len > 0; at = next_word(at + len, &len), i++) {
        if (strncmp(at, "...", 3) == 0)
            break;
        last = at;
        last_len = len;
        if (i == c->arguments)
            break;
    }
    if (len > 0 && last != NULL)
        add_values(c, last, last_len);
}

static void add_options(struct ot_complete *c)
{
    const struct ot_option_info *info;
    char word[ARGUMENT_MAX];

    for (size_t i = 0; (info = c->program->option(c->command, i)) != NULL; i++) {
        snprintf(word, sizeof(word), "--%s", info->name);
        if (!ot_complete_has(c, info->name))
            ot_complete_add(c, word, info->help);
    }
}

/* What follows on the line in the commands' names: "key", then "create", "list". */
static void add_commands(struct ot_complete *c)
{
    struct ot_complete_command command;
    char word[ARGUMENT_MAX], before[ARGUMENT_MAX] = "";

    for (size_t i = 0; c->program->command(&command, i); i++) {
        const char *rest;
        size_t len, n = count_of_name(c, command.name, &rest);

        next_word(rest, &len);
        if (n < c->count || len == 0)
            continue;
        snprintf(word, sizeof(word), "%.*s", (int)len, rest);
        if (strcmp(word, before) != 0)
            ot_complete_add(c, word, rest[len] == '\0' ? command.summary : NULL);
        strcpy(before, word);
    }
}

static void answer(struct ot_complete *c)
{
    struct ot_complete_command command = {.arguments = ""};
    size_t n = find_command(c);

    for (size_t i = n; i < c->count; i++)
        read_word(c, c->words[i]);
    read_current(c);
    if (c->pending != NULL) {
        add_values(c, c->pending->argument, strlen(c->pending->argument));
        return;
    }
    c->program->command(&command, c->command);
    if (c->options_ended || c->current[0] != '-') {
        add_commands(c);
        add_argument(c, command.arguments);
    }
    /* Unasked where nothing else can stand, and where the program may run without a
     * command. */
    if (!c->options_ended && (c->current[0] == '-' || c->added == 0 || c->count == 0))
        add_options(c);
}

static enum ot_status run_bash(struct ot_complete *c, char **argv, struct ot_error *err)
{
    struct ot_bash_line *line = &c->line;
    enum ot_status status = ot_bash_line_init(line, argv[2], argv[1], err);

    if (status != OT_OK)
        return status;
    c->is_listing = strcmp(argv[0], LISTING) == 0;
    c->current = line->words[line->count - 1];
    if (line->is_redirection) {
        begin_answer(c, "files");
    } else if (line->count > 1) {
        c->words = line->words + 1;
        c->count = line->count - 2;
        answer(c);
    }
    ot_bash_line_clear(line);
    return OT_OK;
}

enum ot_status ot_complete_run(const struct ot_complete_program *program, int argc,
                               char **argv, FILE *out, struct ot_error *err)
{
    struct ot_complete c = {.program = program, .out = out, .shell = SHELL_COUNT};

    for (size_t i = 0; argc > 1 && i < SHELL_COUNT; i++)
        if (strcmp(argv[0], shells[i]) == 0)
            c.shell = (enum shell)i;
    if (c.shell == SHELL_COUNT || (c.shell == SHELL_BASH && argc != 4))
        return ot_error_set(err, OT_E_USAGE,
                            "`complete` is for the completion scripts of bash, zsh and "
                            "fish");
    if (c.shell == SHELL_BASH)
        return run_bash(&c, argv + 1, err);
    c.words = argv + 1;
    c.count = (size_t)argc - 2;
    c.current = argv[argc - 1];
    answer(&c);
    return OT_OK;
}
