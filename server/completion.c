#include "completion.h"

#include "key_command.h"
#include "options.h"

/* The program without a command, then those of `key`. */
static bool command(struct ot_complete_command *out, size_t i)
{
    *out = (struct ot_complete_command){"", "", ""};
    return i == 0 || ot_key_command_at(out, i - 1);
}

static const struct ot_option_info *option(size_t number, size_t i)
{
    const struct ot_option_info *list =
        number == 0 ? ot_options_of_server : ot_key_command_options(number - 1);

    return list[i].name != NULL ? &list[i] : NULL;
}

/* Host and port, numbers, and what a database holds: nothing to offer. */
static void values(struct ot_complete *complete, const char *argument)
{
    (void)complete;
    (void)argument;
}

const struct ot_complete_program ot_completion = {command, option, values};
