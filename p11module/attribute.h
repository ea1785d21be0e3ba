/* The attributes of objects: one table of what each kind has and where it comes from. */
#ifndef OT_P11_ATTRIBUTE_H
#define OT_P11_ATTRIBUTE_H

#include "base/limits.h"
#include "base/span.h"
#include "cryptoki_3.h"
#include "extension.h"
#include "object.h"

/* Room for a value that lies nowhere yet. */
union ot_scratch {
    CK_ULONG number;
    CK_BBOOL truth;
    CK_DATE date;
    char text[OT_ID_MAX + 16];
    uint8_t extension[OT_EXTENSION_MAX];
};

/* The value of an attribute, in the object's snapshot or in scratch; absent when the
 * object has no such attribute. */
struct ot_span ot_attribute_get(const struct ot_object *object, CK_ATTRIBUTE_TYPE type,
                                union ot_scratch *scratch);

/* Whether objects of a kind have the attribute at all. */
bool ot_attribute_is_known(enum ot_object_kind kind, CK_ATTRIBUTE_TYPE type);

/* Whether it says for what a certificate is trusted. */
bool ot_attribute_is_purpose(enum ot_object_kind kind, CK_ATTRIBUTE_TYPE type);

/* Whether any object of a kind can have this value in a token: false for an attribute
 * that the kind lacks, for another value of one that never changes, and for an extension
 * that would be longer than any. */
bool ot_attribute_is_possible(enum ot_object_kind kind,
                              const struct ot_token_policy *policy,
                              CK_ATTRIBUTE_TYPE type, struct ot_span value);

/* The id of the certificate in a CKA_UNIQUE_ID of any of its objects. */
struct ot_span ot_attribute_id_of_unique_id(struct ot_span unique_id);

/* The sum of the lengths of all values. */
CK_ULONG ot_attribute_total(const struct ot_object *object);

#endif
