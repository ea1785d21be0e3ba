/* orgtrust: picks the command from the table, prints what it failed of, ends with the
 * status of that. */
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/exit_status.h"
#include "base/nearest.h"
#include "command_internal.h"
#include "commands/status_check.h"
#include "complete_internal.h"
#include "host/host_report.h"
#include "install/wiring.h"
#include "view/signals.h"

/* More than there are. */
#define COMMANDS_MAX 64

/* Of standard output where that is no terminal: a list of thousands is written with a
 * sixteenth of the calls that it would be else. */
#define OUTPUT_BUFFER (64u * 1024)

/* A descriptor 0 to 2 that our caller closed would be given to the next file we open, and
 * our words would go into it. What stands in for 1 refuses writing, so that a result
 * which nobody can read is reported. */
static void fill_standard_descriptors(void)
{
    static const int flags[] = {O_RDONLY, O_RDONLY, O_WRONLY};

    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) == -1 && open("/dev/null", flags[fd]) != fd)
            _exit(1);
}

static enum ot_status find_command(const struct ot_command **command, const char *name,
                                   struct ot_error *err)
{
    const char *words[COMMANDS_MAX] = {NULL};
    const struct ot_command *there;

    *command = ot_command_find(name);
    if (*command != NULL)
        return OT_OK;
    if (*name == '-')
        return ot_error_set(err, OT_E_USAGE,
                            "there is no command '%.32s': options come behind the "
                            "command; 'orgtrust help' lists the commands",
                            name);
    for (size_t i = 0; i + 1 < COMMANDS_MAX && (there = ot_command_at(i)) != NULL; i++)
        words[i] = there->name;
    return ot_nearest_refuse(err, "command", name, words, "help");
}

static bool asks_for_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static enum ot_status help_on_command(struct ot_cli *cli, int argc, char **argv,
                                      struct ot_error *err)
{
    const struct ot_command *command;
    enum ot_status status;

    if (argc == 0) {
        ot_command_overview(&cli->out);
        return OT_OK;
    }
    if (argc > 1)
        return ot_error_set(err, OT_E_USAGE, "help is for one command at a time");
    status = find_command(&command, asks_for_help(argv[0]) ? "help" : argv[0], err);
    if (status == OT_OK)
        ot_command_help(command, &cli->out);
    return status;
}

static enum ot_status check_argument_count(const struct ot_command *command, int count,
                                           struct ot_error *err)
{
    if (count == command->argument_count ||
        (count > command->argument_count && command->more_arguments))
        return OT_OK;
    return ot_error_set(err, OT_E_USAGE,
                        "'orgtrust %s' takes %s%s; see 'orgtrust help %s'", command->name,
                        *command->arguments == '\0' ? "no arguments"
                        : command->argument_count == 1 && !command->more_arguments
                            ? "exactly one "
                            : "",
                        command->arguments, command->name);
}

/* A report is also made of options that cannot be understood, if it was asked for before
 * them. */
static enum ot_status parse_command_line(struct ot_cli *cli,
                                         const struct ot_command *command, int argc,
                                         char **argv, struct ot_error *err)
{
    enum ot_status status, opened;

    status = ot_options_parse(&cli->options, command->options, argc, argv, err);
    if (cli->options.report_fd < 0)
        return status;
    opened = ot_report_open(&cli->report, cli->options.report_fd,
                            status == OT_OK ? err : NULL);
    return status == OT_OK ? opened : status;
}

static enum ot_status run_command(struct ot_cli *cli, int argc, char **argv,
                                  struct ot_error *err)
{
    const struct ot_command *command;
    enum ot_status status = find_command(&command, argv[0], err);

    if (status == OT_OK)
        status = parse_command_line(cli, command, argc, argv, err);
    if (status != OT_OK)
        return status;
    if (cli->options.help) {
        ot_command_help(command, &cli->out);
        return OT_OK;
    }
    status = check_argument_count(command, cli->options.argument_count, err);
    if (status != OT_OK)
        return status;
    return command->run(cli, err);
}

static enum ot_status show_version(struct ot_cli *cli, int argc, char **argv,
                                   struct ot_error *err)
{
    if (argc > 0 && asks_for_help(argv[0])) {
        ot_command_help(ot_command_find("version"), &cli->out);
        return OT_OK;
    }
    if (argc > 0)
        return ot_error_set(err, OT_E_USAGE, "'orgtrust version' takes no arguments");
    ot_output_printf(&cli->out, "orgtrust %s\n", ORGTRUST_VERSION);
    return OT_OK;
}

static enum ot_status dispatch_word(struct ot_cli *cli, int argc, char **argv,
                                    struct ot_error *err)
{
    const char *word = argc > 1 ? argv[1] : "";

    if (argc < 2)
        return ot_error_set(err, OT_E_USAGE, "which command? 'orgtrust help' lists them");
    if (strcmp(word, "version") == 0 || strcmp(word, "--version") == 0)
        return show_version(cli, argc - 2, argv + 2, err);
    if (strcmp(word, "help") == 0 || asks_for_help(word))
        return help_on_command(cli, argc - 2, argv + 2, err);
    if (strcmp(word, "complete") == 0)
        return ot_complete(argv + 2, &cli->out, err);
    return run_command(cli, argc - 1, argv + 1, err);
}

static bool has_word(char **argv, const char *word)
{
    for (; *argv != NULL && strcmp(*argv, "--") != 0; argv++)
        if (strcmp(*argv, word) == 0)
            return true;
    return false;
}

/* How a failure is to be told, also where the command line could not be read up to
 * there. */
static void note_form(struct ot_options *options, int argc, char **argv)
{
    const struct ot_command *command = argc > 1 ? ot_command_find(argv[1]) : NULL;

    options->json = options->json || has_word(argv, "--json");
    options->check =
        options->check || (command != NULL && has_word(argv, "--check") &&
                           (command->options & OT_OPTION_BIT(OT_OPTION_CHECK)) != 0);
}

static void tell_failure(struct ot_cli *cli, enum ot_status status,
                         const struct ot_error *err)
{
    struct ot_error lost = OT_ERROR_INIT;

    if (cli->options.check) {
        ot_status_check_unknown(&cli->out, err->message);
        return;
    }
    ot_output_fail("%s%s", err->message, ot_output_remedy(err));
    if (cli->options.json && !cli->out.is_used)
        (void)ot_output_json_error(&cli->out, status, err->message, &lost);
}

/* Commands know nothing of installing. */
static size_t survey_stacks(struct ot_host_stack *stacks, size_t most)
{
    struct ot_stack_standing standings[OT_HOST_STACKS_MAX];
    size_t count = ot_wiring_survey(
        standings, most < OT_HOST_STACKS_MAX ? most : OT_HOST_STACKS_MAX);

    for (size_t i = 0; i < count; i++)
        stacks[i] = (struct ot_host_stack){standings[i].stack, standings[i].word};
    return count;
}

int main(int argc, char **argv)
{
    static char output[OUTPUT_BUFFER];
    struct ot_error err = OT_ERROR_INIT, lost = OT_ERROR_INIT;
    struct ot_cli cli = {
        .stop = ot_signals_stop(), .report = {.fd = -1}, .survey = survey_stacks};
    enum ot_status status;

    fill_standard_descriptors();
    /* It may come to hold a key, or has one in its environment: no core, and no debugger
     * of another process of the same user. */
    prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
    /* How wide a character is; the C library carries this locale inside. */
    setlocale(LC_CTYPE, "C.UTF-8");
    ot_signals_install();
    ot_output_init(&cli.out, stdout);
    if (cli.out.columns == 0)
        (void)setvbuf(stdout, output, _IOFBF, sizeof(output));
    status = dispatch_word(&cli, argc, argv, &err);
    if (status == OT_E_USAGE)
        note_form(&cli.options, argc, argv);
    if (status != OT_OK && err.message[0] != '\0')
        tell_failure(&cli, status, &err);
    if (ot_output_finish(&cli.out, &lost) != OT_OK && err.status != lost.status) {
        ot_output_fail("%s", lost.message);
        status = status == OT_OK ? lost.status : status;
    }
    if (ot_report_write(&cli.report, status,
                        err.message[0] != '\0' ? err.message : lost.message,
                        &lost) != OT_OK) {
        ot_output_fail("%s", lost.message);
        status = status == OT_OK ? lost.status : status;
    }
    if (cli.options.check)
        return status == OT_OK ? cli.verdict : OT_CHECK_UNKNOWN;
    return ot_exit_status(status);
}
