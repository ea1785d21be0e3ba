#include "base/exit_status.h"
#include "command_internal.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

/* orgtrust(1)'s table. */
static void every_status_has_its_exit_status(void)
{
    static const struct {
        enum ot_status status;
        int expected;
    } rows[] = {
        {OT_OK, 0},          {OT_E_NOMEM, 1},     {OT_E_INTERNAL, 1},
        {OT_E_USAGE, 2},     {OT_E_CONFIG, 3},    {OT_E_NO_SNAPSHOT, 11},
        {OT_E_EXPIRED, 11},  {OT_E_CORRUPT, 11},  {OT_E_UNSAFE, 3},
        {OT_E_IO, 10},       {OT_E_NO_SPACE, 10}, {OT_E_NETWORK, 4},
        {OT_E_PROTOCOL, 6},  {OT_E_AUTH, 5},      {OT_E_NOT_FOUND, 7},
        {OT_E_REFUSED, 8},   {OT_E_RATE, 9},      {OT_E_SERVER, 6},
        {OT_E_EMPTY, 12},    {OT_E_BUSY, 13},     {OT_E_INTERRUPTED, 130},
        {OT_E_FORBIDDEN, 5}, {OT_E_LIMIT, 8},     {OT_E_BROKEN, 14},
        {OT_E_SCOPE, 11},    {OT_E_NEEDED, 15},
    };
    size_t count = sizeof(rows) / sizeof(rows[0]);

    CU_ASSERT_EQUAL(count, OT_STATUS_COUNT);
    for (size_t i = 0; i < count; i++) {
        CU_ASSERT_EQUAL(rows[i].status, (enum ot_status)i);
        CU_ASSERT_EQUAL(ot_exit_status(rows[i].status), rows[i].expected);
    }
}

#define ALL_OPTIONS                                                                      \
    ((OT_OPTION_BIT(OT_OPTION_COUNT) - 1) & ~OT_OPTION_BIT(OT_OPTION_PRINT))

static char *words[16];

/* Parses the words of a line, parted by single spaces. */
static enum ot_status parse(struct ot_options *options, uint64_t allowed,
                            const char *line, struct ot_error *err)
{
    static char copy[256];
    int count = 0;

    snprintf(copy, sizeof(copy), "%s", line);
    for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " "))
        words[count++] = word;
    words[count] = NULL;
    ot_error_clear(err);
    return ot_options_parse(options, allowed, count, words, err);
}

static void options_and_arguments_may_be_mixed(void)
{
    struct ot_options options;
    struct ot_error err;

    CU_ASSERT_EQUAL(parse(&options, ALL_OPTIONS,
                          "show cert_1 --source=a --json --state inactive --name x",
                          &err),
                    OT_OK);
    CU_ASSERT_STRING_EQUAL(options.source, "a");
    CU_ASSERT_STRING_EQUAL(options.name, "x");
    CU_ASSERT_EQUAL(options.state, OT_LIST_INACTIVE);
    CU_ASSERT(options.json && !options.pem && !options.quiet && !options.help);
    CU_ASSERT_EQUAL_FATAL(options.argument_count, 1);
    CU_ASSERT_STRING_EQUAL(options.arguments[0], "cert_1");
}

static void two_dashes_end_the_options(void)
{
    struct ot_options options;
    struct ot_error err;

    CU_ASSERT_EQUAL(parse(&options, ALL_OPTIONS, "show --pem -- --json", &err), OT_OK);
    CU_ASSERT(options.pem && !options.json);
    CU_ASSERT_EQUAL_FATAL(options.argument_count, 1);
    CU_ASSERT_STRING_EQUAL(options.arguments[0], "--json");
}

static void every_state_word_is_known(void)
{
    struct ot_options options;
    struct ot_error err;

    CU_ASSERT_EQUAL(parse(&options, ALL_OPTIONS, "list", &err), OT_OK);
    CU_ASSERT_EQUAL(options.state, OT_LIST_ALL);
    CU_ASSERT_EQUAL(parse(&options, ALL_OPTIONS, "list --state all", &err), OT_OK);
    CU_ASSERT_EQUAL(options.state, OT_LIST_ALL);
    CU_ASSERT_EQUAL(parse(&options, ALL_OPTIONS, "list --state active", &err), OT_OK);
    CU_ASSERT_EQUAL(options.state, OT_LIST_ACTIVE);
    CU_ASSERT_EQUAL(parse(&options, ALL_OPTIONS, "list --state quarantined", &err),
                    OT_OK);
    CU_ASSERT_EQUAL(options.state, OT_LIST_QUARANTINED);
}

/* Whatever its value: that it has somewhere to go. */
static void every_option_has_a_field(void)
{
    for (int i = 0; i < OT_OPTION_COUNT; i++) {
        const struct ot_option_info *info = ot_option_info((enum ot_option)i);
        struct ot_options options;
        char word[64], command[] = "command", value[] = "7";
        char *argv[] = {command, word, value, NULL};

        snprintf(word, sizeof(word), "--%s", info->name);
        CU_ASSERT_NOT_EQUAL(ot_options_parse(&options, OT_OPTION_BIT(i),
                                             info->argument != NULL ? 3 : 2, argv, NULL),
                            OT_E_INTERNAL);
    }
}

static void a_bad_line_is_refused_with_its_reason(void)
{
    static const struct {
        const char *line;
        const char *message;
    } rows[] = {
        {"sync --frobnicate", "'orgtrust sync' has no option --frobnicate"},
        {"sync --frobnicate=3", "has no option --frobnicate;"},
        {"sync -x", "'orgtrust sync' has no option -x;"},
        {"sync -xy", "'orgtrust sync' has no option -x;"},
        {"sync --json -hx", "'orgtrust sync' has no option -x;"},
        {"sync --source", "--source needs a value"},
        {"sync --json=yes", "--json takes no value"},
        {"sync --source a --source b", "--source is given twice"},
        {"list --state some", "'some' is not one of"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct ot_options options;
        struct ot_error err;

        CU_ASSERT_EQUAL(parse(&options, ALL_OPTIONS, rows[i].line, &err), OT_E_USAGE);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.message, rows[i].message));
    }
}

static void an_option_of_another_command_is_refused(void)
{
    struct ot_options options;
    struct ot_error err;

    CU_ASSERT_EQUAL(parse(&options, OT_OPTIONS_COMMON, "watch --pem", &err), OT_E_USAGE);
    CU_ASSERT_EQUAL(parse(&options, OT_OPTIONS_COMMON, "watch --json", &err), OT_OK);
}

static void every_command_takes_the_common_options(void)
{
    static const char *const names[] = {"sync",       "watch",  "status", "list",
                                        "show",       "upload", "rename", "activate",
                                        "deactivate", "delete", "apply"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct ot_command *command = ot_command_find(names[i]);

        CU_ASSERT_PTR_NOT_NULL_FATAL(command);
        CU_ASSERT_EQUAL(command->options & OT_OPTIONS_COMMON, OT_OPTIONS_COMMON);
        CU_ASSERT(command->run != NULL && *command->summary != '\0');
    }
    CU_ASSERT_PTR_NULL(ot_command_find("frobnicate"));
}

static const struct unit_case cases[] = {
    {"every_status_has_its_exit_status", every_status_has_its_exit_status},
    {"options_and_arguments_may_be_mixed", options_and_arguments_may_be_mixed},
    {"two_dashes_end_the_options", two_dashes_end_the_options},
    {"every_state_word_is_known", every_state_word_is_known},
    {"every_option_has_a_field", every_option_has_a_field},
    {"a_bad_line_is_refused_with_its_reason", a_bad_line_is_refused_with_its_reason},
    {"an_option_of_another_command_is_refused", an_option_of_another_command_is_refused},
    {"every_command_takes_the_common_options", every_command_takes_the_common_options},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return unit_main("cli_options", cases, argc, argv);
}
