/* The module between C_Initialize and C_Finalize. */
#ifndef OT_P11_MODULE_H
#define OT_P11_MODULE_H

#include "session.h"

struct ot_module {
    /* A word that the kernel zeroes in a forked child, where the module is to count as
     * not initialised; NULL where the kernel cannot, then the process id tells. */
    atomic_uint *alive;
    pid_t pid;
    struct ot_locking locking;
    struct ot_config *config; /* NULL: it could not be loaded */
    struct ot_session_table sessions;
    struct ot_view *views; /* of the sources */
    size_t view_count, slot_count;
    struct ot_slot slots[];
};

extern const CK_VERSION ot_module_version;

/* NULL: not initialised in this process. Valid until C_Finalize, which no application may
 * call while another thread is inside the module (§5.4.2). */
struct ot_module *ot_module_current(void);

/* NULL: there is no such slot. */
struct ot_slot *ot_module_slot(struct ot_module *module, CK_SLOT_ID id);

#endif
