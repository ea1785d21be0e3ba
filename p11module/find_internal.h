/* A search in progress. It keeps the snapshot it began with, and finds one object after
 * the other as they are asked for: who wants the first of ten thousand pays for one. */
#ifndef OT_P11_FIND_INTERNAL_H
#define OT_P11_FIND_INTERNAL_H

#include "cryptoki_3.h"
#include "object.h"
#include "snapshot/candidates.h"
#include "template.h"

struct ot_slot;

struct ot_find {
    const struct ot_slot *slot;
    struct ot_template pattern;
    struct ot_candidates candidates; /* without a snapshot: an empty token */
    bool is_damaged;                 /* a record had to be passed over */
    unsigned pending; /* kinds of object of the current record that are still to come */
    struct ot_object object;
};

/* Begins one for what a template says, in what the slot shows now; this looks at files.
 * CKR_HOST_MEMORY, or what ot_template_copy has against the template. */
CK_RV ot_find_new(struct ot_find **out, const struct ot_slot *slot,
                  const CK_ATTRIBUTE *attributes, CK_ULONG count);
void ot_find_free(struct ot_find *find); /* NULL is fine */

/* The next object's handle; false at the end. */
bool ot_find_next(struct ot_find *find, CK_OBJECT_HANDLE *handle);

#endif
