/* The module between C_Initialize and C_Finalize. */
#ifndef OT_P11_MODULE_H
#define OT_P11_MODULE_H

#include "cryptoki_3.h"
#include "inside.h"
#include "session.h"
#include "slot.h"

struct ot_config;
struct ot_distrust;

struct ot_module {
    struct ot_instance instance;  /* first */
    struct ot_config *config;     /* NULL: it could not be loaded */
    struct ot_distrust *distrust; /* what its sources say no to; NULL: nothing */
    const char *description;      /* of the library */
    struct ot_session_table sessions;
    struct ot_view *views; /* of the sources */
    size_t view_count, slot_count;
    struct ot_slot slots[];
};

extern const CK_VERSION ot_module_version;

/* Text in a field of an information structure: padded with blanks, not terminated. */
void ot_text_pad(CK_UTF8CHAR *field, size_t size, const char *text);

struct ot_module_kind {
    const struct ot_token_rules *rules; /* of its tokens; NULL: none */
    /* Of the library, at most 32 bytes. GnuTLS takes two modules whose CK_INFO is the
     * same for one. */
    const char *description;
    bool only_distrust; /* it has the tokens of sources that distrust, and no other */
};

/* C_Initialize of a module of a kind. */
CK_RV ot_module_initialize(void *args, const struct ot_module_kind *kind);

/* The module for a call, as inside.h has it; NULL: it is not initialised. The call leaves
 * by ot_inside_leave. */
static inline struct ot_module *ot_module_enter(unsigned door)
{
    return (struct ot_module *)ot_inside_enter(door);
}

/* NULL: there is no such slot. */
struct ot_slot *ot_module_slot(struct ot_module *module, CK_SLOT_ID id);

#endif
