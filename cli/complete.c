#include "complete_internal.h"

#include <string.h>

#include "command_internal.h"
#include "commands/source_use.h"
#include "config/source.h"
#include "doctor/doctor.h"
#include "export/format.h"
#include "install/install.h"
#include "offers_internal.h"
#include "snapshot/record.h"

#define ID_PREFIX "cert_"

struct completion {
    struct ot_output *out;
    const struct ot_command *command;
    char **words;        /* behind the command's, up to the one to complete */
    const char *current; /* which this is; words has a NULL behind it */

    /* What the words before it are. */
    uint64_t options; /* set of OT_OPTION_BIT */
    int pending;      /* the option whose value comes next; OT_OPTION_COUNT: none */
    bool options_ended;
    int arguments;
    const char *source; /* of --source; NULL: none */

    int head; /* bytes of current before the value: "--source=" */
};

/* What the option's value is called in a usage line; NULL: there is none. */
static const char *value_of(int option)
{
    return option < OT_OPTION_COUNT ? ot_option_info((enum ot_option)option)->argument
                                    : NULL;
}

/* An argument that is on the line is not wanted a second time. state: of a certificate,
 * else NULL. */
static void add_candidate(const struct completion *c, struct ot_span word,
                          struct ot_span about, const char *state)
{
    const struct ot_span line[] = {ot_span_of(c->current, (size_t)c->head),
                                   word,
                                   ot_span_of("\t", 1),
                                   about,
                                   ot_span_of(", ", state != NULL ? 2 : 0),
                                   ot_span_str(state),
                                   ot_span_of("\n", 1)};

    for (char **at = c->words; c->pending == OT_OPTION_COUNT && *at != c->current; at++)
        if (ot_span_equal(word, ot_span_str(*at)))
            return;
    ot_output_pieces(c->out, line, sizeof(line) / sizeof(line[0]));
}

static void add_text(const struct completion *c, const char *word, const char *about)
{
    add_candidate(c, ot_span_str(word), ot_span_str(about), NULL);
}

static void add_commands(const struct completion *c)
{
    const struct ot_command *at;

    for (size_t i = 0; (at = ot_command_at(i)) != NULL; i++)
        if (c->command == NULL || at->run != NULL)
            add_text(c, at->name, at->summary);
}

static void add_option(const struct completion *c, const struct ot_option_info *info)
{
    char word[64];

    snprintf(word, sizeof(word), "--%s", info->name);
    add_text(c, word, info->help);
}

static void add_options(const struct completion *c)
{
    for (int i = 0; !c->options_ended && i < OT_OPTION_COUNT; i++)
        if ((c->command->options & ~c->options & OT_OPTION_BIT(i)) != 0)
            add_option(c, ot_option_info((enum ot_option)i));
}

static void add_states(const struct completion *c)
{
    for (size_t i = 0; ot_list_state_word(i) != NULL; i++)
        add_text(c, ot_list_state_word(i), "");
}

static void add_formats(const struct completion *c)
{
    for (int i = 0; i < OT_FORMAT_COUNT; i++)
        add_text(c, ot_format_name((enum ot_export_format)i), "");
}

static void add_all(const struct completion *c,
                    const char *(*name_at)(size_t i, const char **summary))
{
    const char *name, *summary;

    for (size_t i = 0; (name = name_at(i, &summary)) != NULL; i++)
        add_text(c, name, summary);
}

static void add_stacks(const struct completion *c)
{
    add_all(c, ot_install_stack_at);
}

static void add_checks(const struct completion *c)
{
    add_all(c, ot_doctor_check_at);
}

static void add_sources(const struct completion *c)
{
    bool projects = c->pending == OT_OPTION_PROJECT;
    struct ot_error err = OT_ERROR_INIT;
    struct ot_config *config = NULL;

    if (ot_config_load(&config, &err) != OT_OK)
        return;
    for (size_t i = 0; i < ot_config_count(config); i++) {
        const struct ot_source *source = ot_config_at(config, i);

        if (!projects)
            add_text(c, source->name, source->base_url);
        else if (source->project != NULL)
            add_text(c, source->project, source->name);
    }
    ot_config_free(config);
}

/* Whether the verb could do anything to a certificate with these flags. Of a scope that
 * is not the snapshot's that is not known. */
static bool can_be_acted_on(const struct completion *c, const struct ot_source *source,
                            uint32_t flags)
{
    const uint64_t opens = OT_OPTION_BIT(OT_OPTION_PROJECT) |
                           OT_OPTION_BIT(OT_OPTION_UNTIL) |
                           OT_OPTION_BIT(OT_OPTION_DEACTIVATE);
    const bool toggles = (c->command->options & OT_OPTION_BIT(OT_OPTION_ALL)) != 0;
    bool is_active = (flags & OT_RECORD_ACTIVE) != 0;

    if (c->command->acts_on == OT_LIST_ALL || c->pending != OT_OPTION_COUNT ||
        (c->options & opens) != 0)
        return true;
    if (toggles && ot_source_inherits(source))
        is_active = (flags & OT_RECORD_BY_PROJECT) != 0;
    return is_active == (c->command->acts_on == OT_LIST_ACTIVE);
}

/* Which of its words a certificate is offered with. */
struct calling {
    bool by_id, by_name; /* only so */
    bool id_is_begun;
};

static struct calling find_calling(const struct completion *c)
{
    const char *typed = c->current + c->head;
    const size_t len = strnlen(typed, strlen(ID_PREFIX));

    return (struct calling){
        .by_id = c->pending == OT_OPTION_ID ||
                 (c->options & OT_OPTION_BIT(OT_OPTION_BY_ID)) != 0,
        .by_name = c->pending == OT_OPTION_NAME,
        .id_is_begun = len > 0 && strncmp(typed, ID_PREFIX, len) == 0,
    };
}

/* One word for each certificate, what a list shows it with; the id if it needs one, or if
 * one is begun. */
static void add_certificate(const struct completion *c, const struct calling *calling,
                            const struct ot_offers *offers, uint32_t i)
{
    const struct ot_offer *cert = &offers->certs[i];
    const bool usable = ot_offers_has_usable_label(offers, i);

    if (usable && !calling->by_id)
        add_candidate(c, cert->label, cert->id, cert->state);
    if (calling->by_id || (!calling->by_name && (!usable || calling->id_is_begun)))
        add_candidate(c, cert->id, cert->label, cert->state);
}

static void add_certificates(const struct completion *c)
{
    const struct calling calling = find_calling(c);
    struct ot_error err = OT_ERROR_INIT;
    struct ot_snapshot_use use;
    struct ot_offers offers = {.count = 0};

    if (ot_snapshot_use_begin(&use, c->source, &err) == OT_OK)
        ot_offers_read(&offers, use.snapshot);
    for (uint32_t i = 0; i < offers.count; i++)
        if (can_be_acted_on(c, use.source, offers.certs[i].flags))
            add_certificate(c, &calling, &offers, i);
    ot_offers_clear(&offers);
    ot_snapshot_use_end(&use);
}

static void add_files_of_shell(const struct completion *c)
{
    ot_output_printf(c->out, "\tfiles\n");
}

static void add_directories(const struct completion *c)
{
    ot_output_printf(c->out, "\tdirectories\n");
}

/* The program that `orgtrust run` starts, then what that takes, as far as is known. */
static void add_programs(const struct completion *c)
{
    ot_output_printf(c->out, c->arguments > 0 ? "\tfiles\n" : "\tprograms\n");
}

/* What an argument that a usage line calls so can be; false: nothing is known of it. */
static bool add_values(const struct completion *c, const char *argument)
{
    static const struct {
        const char *begin;
        void (*add)(const struct completion *c);
    } kinds[] = {{"NAME", add_sources},        {"PROJECT", add_sources},
                 {"STATE", add_states},        {"FORMAT", add_formats},
                 {"[STACK", add_stacks},       {"[CHECK", add_checks},
                 {"TEXT", add_certificates},   {"ID", add_certificates},
                 {"[COMMAND]", add_commands},  {"FILE", add_files_of_shell},
                 {"PATH", add_files_of_shell}, {"DIR", add_directories},
                 {"[PROGRAM", add_programs}};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strncmp(argument, kinds[i].begin, strlen(kinds[i].begin)) != 0)
            continue;
        kinds[i].add(c);
        return true;
    }
    return false;
}

/* The command's option that the word is, with or without a value behind `=`;
 * OT_OPTION_COUNT: it is none. */
static int find_option(const struct completion *c, const char *word)
{
    int i = c->options_ended || c->pending != OT_OPTION_COUNT ? OT_OPTION_COUNT : 0;

    for (; i < OT_OPTION_COUNT; i++) {
        const char *name = ot_option_info((enum ot_option)i)->name;

        if ((c->command->options & OT_OPTION_BIT(i)) != 0 &&
            strncmp(word, "--", 2) == 0 && strncmp(word + 2, name, strlen(name)) == 0 &&
            strchr("=", word[2 + strlen(name)]) != NULL)
            break;
    }
    return i;
}

static void read_word(struct completion *c, const char *word, const char *next)
{
    const char *value = strchr(word, '=');
    int option = find_option(c, word);

    if (c->pending != OT_OPTION_COUNT) {
        c->pending = OT_OPTION_COUNT;
    } else if (option != OT_OPTION_COUNT) {
        c->options |= OT_OPTION_BIT(option);
        if (option == OT_OPTION_SOURCE)
            c->source = value != NULL ? value + 1 : next;
        if (value == NULL && value_of(option) != NULL)
            c->pending = option;
    } else if (c->options_ended || word[0] != '-') {
        c->arguments++;
        /* What stands behind a program is for that one. */
        c->options_ended =
            c->options_ended || strncmp(c->command->arguments, "[PROGRAM", 8) == 0;
    } else if (strcmp(word, "--") == 0) {
        c->options_ended = true;
    }
}

static void complete_words(struct completion *c)
{
    const char *value = strchr(c->current, '=');
    int option = find_option(c, c->current);

    if (value != NULL && value_of(option) != NULL) {
        c->pending = option;
        c->head = (int)(value + 1 - c->current);
    }
    if (value_of(c->pending) != NULL) {
        add_values(c, value_of(c->pending));
        return;
    }
    /* Options unasked only where nothing else can stand. */
    if ((c->current[0] == '-' && !c->options_ended) ||
        (c->arguments > 0 && !c->command->more_arguments) ||
        !add_values(c, c->command->arguments))
        add_options(c);
}

/* Behind the program's own name. */
static void complete_first(const struct completion *c)
{
    add_commands(c);
    for (size_t i = 0; ot_command_options[i].name != NULL; i++)
        add_option(c, &ot_command_options[i]);
}

enum ot_status ot_complete(char **words, struct ot_output *out, struct ot_error *err)
{
    struct completion c = {.out = out, .words = words, .pending = OT_OPTION_COUNT};
    size_t i = 0;

    if (words[0] == NULL)
        return ot_error_set(err, OT_E_USAGE,
                            "`complete` is for the completion scripts of bash, zsh and "
                            "fish");
    c.current = words[0];
    if (words[1] == NULL) {
        complete_first(&c);
        return OT_OK;
    }
    while ((c.command = ot_command_at(i)) != NULL &&
           strcmp(c.command->name, words[0]) != 0)
        i++;
    if (c.command == NULL)
        return OT_OK;
    for (c.words = ++words; words[1] != NULL; words++)
        read_word(&c, words[0], words[1]);
    c.current = words[0];
    complete_words(&c);
    return OT_OK;
}
