/* The commands of `orgtrust`: a table of name, function and help. */
#ifndef OT_CLI_COMMAND_INTERNAL_H
#define OT_CLI_COMMAND_INTERNAL_H

#include "view/cli.h"

/* What people look for a command by, in the order of the overview. */
enum ot_command_group {
    OT_COMMANDS_READ,
    OT_COMMANDS_ADMINISTER,
    OT_COMMANDS_MACHINE,
    OT_COMMANDS_PROGRAM, /* help, version */
    OT_COMMAND_GROUPS
};

struct ot_command {
    const char *name;
    enum ot_command_group group;
    const char *arguments; /* of the usage line: "ID|NAME", or "" */
    const char *summary;   /* one line */
    const char *help;      /* some paragraphs */
    const char *example;   /* one line, as it is typed */
    /* Which certificates its arguments can be: all, the active or the inactive ones. */
    enum ot_list_state acts_on;
    uint64_t options;    /* set of OT_OPTION_BIT */
    int argument_count;  /* exactly so many */
    bool more_arguments; /* or more */
    ot_command_run *run;
};

/* Also `help` and `version`, which have no run. NULL: there is none. */
const struct ot_command *ot_command_find(const char *name);
/* All of these in turn; NULL: there are no more. */
const struct ot_command *ot_command_at(size_t i);
/* What `orgtrust` takes without a command; up to one without a name. */
extern const struct ot_option_info ot_command_options[];

void ot_command_help(const struct ot_command *command, struct ot_output *out);
void ot_command_overview(struct ot_output *out);

#endif
