/* What an application searches for, copied: its memory is its own again when
 * C_FindObjectsInit returns. */
#ifndef OT_P11_TEMPLATE_H
#define OT_P11_TEMPLATE_H

#include "base/span.h"
#include "cryptoki_3.h"

struct ot_token_policy;
struct ot_object;

/* No kind of object has as many attributes; a longer template is a mistake, and reading
 * it to its end could be a fault. */
#define OT_TEMPLATE_MAX 256u

/* Whether it can be read at all; else a call is CKR_ARGUMENTS_BAD. */
static inline bool ot_template_is_good(const CK_ATTRIBUTE *attributes, CK_ULONG count)
{
    return count == 0 || (attributes != NULL && count <= OT_TEMPLATE_MAX);
}

/* What the searches of GnuTLS (class, trusted, certificate type, subject, id), NSS
 * (token, class, issuer, serial), Chromium and p11-kit need at most, without a call of
 * malloc. */
#define OT_TEMPLATE_INLINE 8u
#define OT_TEMPLATE_INLINE_BYTES 512u

struct ot_wanted {
    CK_ATTRIBUTE_TYPE type;
    struct ot_span value;
};

/* Not to be moved once it is filled. */
struct ot_template {
    unsigned kinds; /* of object that can match, as bits */
    size_t count;
    struct ot_wanted *wanted;
    void *allocated;
    struct ot_wanted room[OT_TEMPLATE_INLINE];
    uint8_t bytes[OT_TEMPLATE_INLINE_BYTES];
};

/* policy is that of the token that is searched. CKR_ARGUMENTS_BAD,
 * CKR_ATTRIBUTE_VALUE_INVALID (a length without a value) or CKR_HOST_MEMORY; then there
 * is nothing to clear. */
CK_RV ot_template_copy(struct ot_template *pattern, const CK_ATTRIBUTE *attributes,
                       CK_ULONG count, const struct ot_token_policy *policy);
void ot_template_clear(struct ot_template *pattern);

/* The wanted value of an attribute; absent when none is wanted. */
struct ot_span ot_template_find(const struct ot_template *pattern,
                                CK_ATTRIBUTE_TYPE type);

/* Whether an object has all that is wanted, to the byte. */
bool ot_template_matches(const struct ot_template *pattern,
                         const struct ot_object *object);

#endif
