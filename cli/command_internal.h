/* The commands of `orgtrust`: a table of name, function and help. */
#ifndef OT_CLI_COMMAND_INTERNAL_H
#define OT_CLI_COMMAND_INTERNAL_H

#include "view/cli.h"

struct ot_command {
    const char *name;
    const char *arguments; /* of the usage line: "ID|NAME", or "" */
    const char *summary;   /* one line */
    const char *help;      /* some paragraphs */
    uint64_t options;      /* set of OT_OPTION_BIT */
    int argument_count;    /* exactly so many */
    bool more_arguments;   /* or more */
    ot_command_run *run;
};

const struct ot_command *ot_command_find(const char *name); /* NULL: there is none */
/* All of them in turn, and `help`, which has no run; NULL: there are no more. */
const struct ot_command *ot_command_at(size_t i);
/* What `orgtrust` takes without a command; up to one without a name. */
extern const struct ot_option_info ot_command_options[];

void ot_command_help(const struct ot_command *command, struct ot_output *out);
void ot_command_overview(struct ot_output *out);

#endif
