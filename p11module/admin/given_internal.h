/* Attributes that an application gives an object, read where they lie: the application
 * keeps them there until the call returns. */
#ifndef OT_P11_GIVEN_INTERNAL_H
#define OT_P11_GIVEN_INTERNAL_H

#include <stdbool.h>

#include "cryptoki_3.h"

struct ot_given {
    const CK_ATTRIBUTE *attributes;
    CK_ULONG count;
};

/* Whether they can be read: CKR_ATTRIBUTE_VALUE_INVALID for a length without a value,
 * CKR_TEMPLATE_INCONSISTENT for an attribute that is there twice (§4.1.1). */
CK_RV ot_given_check(const struct ot_given *given);

/* NULL: it is not given. */
const CK_ATTRIBUTE *ot_given_find(const struct ot_given *given, CK_ATTRIBUTE_TYPE type);

/* CKR_ATTRIBUTE_VALUE_INVALID: not a value of that kind. */
CK_RV ot_given_truth(const CK_ATTRIBUTE *attribute, bool *truth);
CK_RV ot_given_number(const CK_ATTRIBUTE *attribute, CK_ULONG *number);

/* A certificate's name, terminated, for the caller to free; NULL for an empty one.
 * CKR_ATTRIBUTE_VALUE_INVALID where it is no UTF-8 text or too long, CKR_HOST_MEMORY. */
CK_RV ot_given_name(const CK_ATTRIBUTE *attribute, char **name);

#endif
