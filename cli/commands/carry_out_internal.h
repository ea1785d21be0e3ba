/* The way of every change from its plan to what the next handshake sees. */
#ifndef OT_CLI_COMMANDS_CARRY_OUT_INTERNAL_H
#define OT_CLI_COMMANDS_CARRY_OUT_INTERNAL_H

#include "change/change.h"
#include "commands/admin_use_internal.h"

struct ot_carry_out {
    struct ot_cli *cli;
    struct ot_admin_use *use;
    struct ot_changes *changes;
    const char *question; /* to be answered with yes first; NULL: nothing is lost */
    bool shows_plan;      /* also where nothing is asked */
    /* Called when anything has failed, before that is printed; may be NULL. */
    void (*failed)(struct ot_carry_out *carry_out);
};

/* A dry run prints the changes and ends. Else asks, carries them out, syncs every source
 * that looks at their scope, and prints what was done. The changes count as done also
 * where the sync fails, whose status is then the command's. */
enum ot_status ot_carry_out(struct ot_carry_out *carry_out, struct ot_error *err);

#endif
