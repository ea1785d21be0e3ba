/* What a command works with: what it was given, and where its answers go. */
#ifndef OT_CLI_VIEW_CLI_H
#define OT_CLI_VIEW_CLI_H

#include "view/options.h"
#include "view/output.h"
#include "view/report.h"

struct ot_host_stack;

/* Made by main. */
struct ot_cli {
    struct ot_options options;
    struct ot_output out;
    struct ot_report report;
    int verdict; /* of --check, the exit status where nothing failed */
    /* How the stacks of this machine stand: at most `most` of them; how many. */
    size_t (*survey)(struct ot_host_stack *stacks, size_t most);
    const volatile int *stop; /* non-zero once a signal asked for the end */
};

/* Does the work. On failure the message in err is still to be printed; a command that has
 * printed its failures already leaves it empty. */
typedef enum ot_status ot_command_run(struct ot_cli *cli, struct ot_error *err);

#endif
