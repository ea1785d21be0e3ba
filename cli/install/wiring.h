/* How a stack stands on this machine, for one who only wants to know. */
#ifndef OT_CLI_INSTALL_WIRING_H
#define OT_CLI_INSTALL_WIRING_H

#include <stddef.h>

#include "install/env.h"

/* What install would do for it. */
enum ot_wiring_kind {
    OT_WIRED,      /* nothing */
    OT_NOT_WIRED,  /* something, or an interrupted run left something to finish */
    OT_IN_THE_WAY, /* it is refused: why */
    OT_NOT_HERE    /* why */
};

struct ot_wiring {
    enum ot_wiring_kind kind;
    bool was_installed; /* as far as this user may know */
    bool
        is_too_early; /* an NSS database has our module before the user's and Mozilla's */
    bool lacks_distrust; /* an NSS database has our module in its place, and not the one
                            of what is distrusted, which it is to have */
    struct ot_error why;
};

/* stack: the name of one that there is. */
void ot_wiring_look(struct ot_wiring *wiring, const char *stack,
                    const struct ot_install_env *env);

/* The stacks that are here in turn, a word for how each stands: "wired", "not_wired",
 * "in_the_way". Those that install wires by their names alone count once they are wired.
 * Nothing is started for it. At most `most`; how many; 0 also where this user's
 * environment is unsafe to look by. */
struct ot_stack_standing {
    const char *stack, *word;
};
size_t ot_wiring_survey(struct ot_stack_standing *standings, size_t most);

#endif
