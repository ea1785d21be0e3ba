/* orgtrust run: what is started, and which variables it gets. */
#ifndef OT_CLI_COMMANDS_RUN_INTERNAL_H
#define OT_CLI_COMMANDS_RUN_INTERNAL_H

#include <stdbool.h>

#include "base/error.h"

/* One for each of ot_mount_variables, in their order. */
struct ot_run_setting {
    enum {
        OT_RUN_SET,   /* it gets value */
        OT_RUN_KEPT,  /* the user has set it, to value, or on the command line (NULL) */
        OT_RUN_UNSAID /* it would replace authorities that this machine has no list of */
    } state;
    char *value;
};

enum ot_run_target {
    OT_RUN_PROGRAM,
    OT_RUN_CONTAINER, /* podman run and its kin: for what runs inside */
    OT_RUN_ENGINE     /* another command of theirs: containers see nothing of it */
};

/* argv NULL: a program. *verb: which word makes the container. */
enum ot_run_target ot_run_target_of(char *const *argv, int *verb);

/* Whether the words give a container this variable. */
bool ot_run_container_has(char *const *argv, const char *name);

/* argv with the directory's mount and the variables behind the verb; its own words are
 * those of argv. *out is for ot_run_container_free, with the same settings. */
enum ot_status ot_run_container_argv(char ***out, char *const *argv, int verb,
                                     const struct ot_run_setting *settings,
                                     const char *dir, struct ot_error *err);
void ot_run_container_free(char **argv, int verb, const struct ot_run_setting *settings);

#endif
