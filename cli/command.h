/* The commands of `orgtrust`: a table of name, function and help. */
#ifndef OT_CLI_COMMAND_H
#define OT_CLI_COMMAND_H

#include "cache/config.h"
#include "options.h"
#include "output.h"
#include "report.h"

/* What a command works with; made by main. */
struct ot_cli {
    struct ot_options options;
    struct ot_output out;
    struct ot_report report;
    const volatile int *stop; /* non-zero once a signal asked for the end */
};

/* Does the work. On failure the message in err is still to be printed; a command that has
 * told its failures already leaves it empty. */
typedef enum ot_status ot_command_run(struct ot_cli *cli, struct ot_error *err);

struct ot_command {
    const char *name;
    const char *arguments; /* of the usage line: "ID|NAME", or "" */
    const char *summary;   /* one line */
    const char *help;      /* some paragraphs */
    unsigned options;      /* set of OT_OPTION_BIT */
    int argument_count;    /* exactly so many */
    bool more_arguments;   /* or more */
    ot_command_run *run;
};

ot_command_run ot_cmd_sync, ot_cmd_watch, ot_cmd_status, ot_cmd_list, ot_cmd_show;
ot_command_run ot_cmd_export, ot_cmd_upload, ot_cmd_rename, ot_cmd_activate,
    ot_cmd_deactivate, ot_cmd_delete, ot_cmd_apply;
ot_command_run ot_cmd_install, ot_cmd_uninstall, ot_cmd_doctor;

const struct ot_command *ot_command_find(const char *name); /* NULL: there is none */
/* All of them in turn, and `help`, which has no run; NULL: there are no more. */
const struct ot_command *ot_command_at(size_t i);
/* What `orgtrust` takes without a command; up to one without a name. */
extern const struct ot_option_info ot_command_options[];

void ot_command_help(const struct ot_command *command, struct ot_output *out);
void ot_command_overview(struct ot_output *out);

/* The sources that a command is about: the one that --source names, else all. At least
 * one after OT_OK. They live as long as the configuration; the caller frees *sources. */
enum ot_status ot_command_sources(const struct ot_options *options,
                                  const struct ot_config *config,
                                  const struct ot_source ***sources, size_t *count,
                                  struct ot_error *err);

#endif
