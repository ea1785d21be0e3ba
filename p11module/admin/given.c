#include "given_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"

CK_RV ot_given_check(const struct ot_given *given)
{
    const CK_ATTRIBUTE *attribute;

    for (CK_ULONG i = 0; i < given->count; i++) {
        attribute = &given->attributes[i];
        if (attribute->pValue == NULL && attribute->ulValueLen > 0)
            return CKR_ATTRIBUTE_VALUE_INVALID;
        if (ot_given_find(given, attribute->type) != attribute)
            return CKR_TEMPLATE_INCONSISTENT;
    }
    return CKR_OK;
}

const CK_ATTRIBUTE *ot_given_find(const struct ot_given *given, CK_ATTRIBUTE_TYPE type)
{
    for (CK_ULONG i = 0; i < given->count; i++)
        if (given->attributes[i].type == type)
            return &given->attributes[i];
    return NULL;
}

CK_RV ot_given_truth(const CK_ATTRIBUTE *attribute, bool *truth)
{
    CK_BBOOL value;

    if (attribute->ulValueLen != sizeof(value))
        return CKR_ATTRIBUTE_VALUE_INVALID;
    memcpy(&value, attribute->pValue, sizeof(value));
    *truth = value != CK_FALSE;
    return CKR_OK;
}

CK_RV ot_given_number(const CK_ATTRIBUTE *attribute, CK_ULONG *number)
{
    if (attribute->ulValueLen != sizeof(*number))
        return CKR_ATTRIBUTE_VALUE_INVALID;
    memcpy(number, attribute->pValue, sizeof(*number));
    return CKR_OK;
}

CK_RV ot_given_name(const CK_ATTRIBUTE *attribute, char **name)
{
    const char *text = attribute->pValue;
    size_t len = attribute->ulValueLen;

    *name = NULL;
    if (len == 0)
        return CKR_OK;
    if (len > OT_NAME_MAX || memchr(text, '\0', len) != NULL ||
        !ot_text_is_utf8(text, len))
        return CKR_ATTRIBUTE_VALUE_INVALID;
    *name = malloc(len + 1);
    if (*name == NULL)
        return CKR_HOST_MEMORY;
    memcpy(*name, text, len);
    (*name)[len] = '\0';
    return CKR_OK;
}
