/* The module between C_Initialize and C_Finalize. */
#ifndef OT_P11_MODULE_H
#define OT_P11_MODULE_H

#include <sys/types.h>

#include "session.h"

struct ot_module {
    pid_t pid; /* whose */
    /* What inside.h has to know of it. */
    _Atomic(struct ot_module *) next;
    unsigned empty_doors; /* seen so since it ended, as bits */
    struct ot_locking locking;
    struct ot_config *config; /* NULL: it could not be loaded */
    struct ot_session_table sessions;
    struct ot_view *views; /* of the sources */
    size_t view_count, slot_count;
    struct ot_slot slots[];
};

extern const CK_VERSION ot_module_version;

/* NULL: there is no such slot. */
struct ot_slot *ot_module_slot(struct ot_module *module, CK_SLOT_ID id);

void ot_module_free(struct ot_module *module); /* NULL is fine */
/* What a forked child has of its parent. Its locks are left as they are: another thread
 * may have held one. */
void ot_module_free_inherited(struct ot_module *module);

#endif
