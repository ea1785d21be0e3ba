#include "template.h"
#include "attribute.h"
#include "base/limits.h"
#include "object.h"

#include <stdlib.h>
#include <string.h>

/* What the attributes' values take together, as far as they are copied. */
static CK_RV measure_values(const CK_ATTRIBUTE *attributes, CK_ULONG count, size_t *bytes)
{
    *bytes = 0;
    for (CK_ULONG i = 0; i < count; i++) {
        if (attributes[i].pValue == NULL && attributes[i].ulValueLen > 0)
            return CKR_ATTRIBUTE_VALUE_INVALID;
        if (attributes[i].ulValueLen <= OT_CERT_DER_MAX)
            *bytes += attributes[i].ulValueLen;
    }
    return CKR_OK;
}

/* Strikes out the kinds that cannot have this value. */
static void restrict_kinds(struct ot_template *pattern, const struct ot_wanted *wanted,
                           const struct ot_token_policy *policy)
{
    for (int kind = 0; kind < OT_OBJECT_KINDS; kind++)
        if ((pattern->kinds & 1u << kind) != 0 &&
            !ot_attribute_is_possible((enum ot_object_kind)kind, policy, wanted->type,
                                      wanted->value))
            pattern->kinds &= ~(1u << kind);
}

static void fill_template(struct ot_template *pattern, const CK_ATTRIBUTE *attributes,
                          CK_ULONG count, const struct ot_token_policy *policy,
                          uint8_t *bytes)
{
    struct ot_wanted *wanted;
    CK_ULONG len;

    for (CK_ULONG i = 0; i < count; i++) {
        wanted = &pattern->wanted[pattern->count];
        wanted->type = attributes[i].type;
        len = attributes[i].ulValueLen;
        if (len > OT_CERT_DER_MAX) { /* longer than any value */
            pattern->kinds = 0;
            continue;
        }
        if (len > 0)
            memcpy(bytes, attributes[i].pValue, len);
        wanted->value = ot_span_of(bytes, len); /* never NULL: empty is a value */
        bytes += len;
        pattern->count++;
        restrict_kinds(pattern, wanted, policy);
    }
}

CK_RV ot_template_copy(struct ot_template *pattern, const CK_ATTRIBUTE *attributes,
                       CK_ULONG count, const struct ot_token_policy *policy)
{
    uint8_t *bytes = pattern->bytes;
    size_t len;
    CK_RV rv;

    if (!ot_template_is_good(attributes, count))
        return CKR_ARGUMENTS_BAD;
    rv = measure_values(attributes, count, &len);
    if (rv != CKR_OK)
        return rv;
    pattern->kinds = ot_object_kinds(policy);
    pattern->count = 0;
    pattern->wanted = pattern->room;
    pattern->allocated = NULL;
    if (count > OT_TEMPLATE_INLINE || len > OT_TEMPLATE_INLINE_BYTES) {
        pattern->allocated = malloc(count * sizeof(*pattern->wanted) + len);
        if (pattern->allocated == NULL)
            return CKR_HOST_MEMORY;
        pattern->wanted = pattern->allocated;
        bytes = (uint8_t *)pattern->allocated + count * sizeof(*pattern->wanted);
    }
    fill_template(pattern, attributes, count, policy, bytes);
    return CKR_OK;
}

void ot_template_clear(struct ot_template *pattern)
{
    free(pattern->allocated);
    pattern->allocated = NULL;
}

struct ot_span ot_template_find(const struct ot_template *pattern, CK_ATTRIBUTE_TYPE type)
{
    for (size_t i = 0; i < pattern->count; i++)
        if (pattern->wanted[i].type == type)
            return pattern->wanted[i].value;
    return OT_SPAN_ABSENT;
}

bool ot_template_matches(const struct ot_template *pattern,
                         const struct ot_object *object)
{
    union ot_scratch scratch;

    for (size_t i = 0; i < pattern->count; i++)
        if (!ot_span_equal(ot_attribute_get(object, pattern->wanted[i].type, &scratch),
                           pattern->wanted[i].value))
            return false;
    return true;
}
