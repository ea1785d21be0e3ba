/* How a stack stands on this machine, for one who only wants to know. */
#ifndef OT_CLI_INSTALL_WIRING_H
#define OT_CLI_INSTALL_WIRING_H

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
    struct ot_error why;
};

/* stack: the name of one that there is. */
void ot_wiring_look(struct ot_wiring *wiring, const char *stack,
                    const struct ot_install_env *env);

#endif
