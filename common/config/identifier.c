#include "config/identifier.h"

#include "base/limits.h"
#include "base/text.h"

bool ot_is_cert_id(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!ot_text_is_alnum(text[i]) && text[i] != '_' && text[i] != '-')
            return false;
    return len > 0 && len <= OT_ID_MAX;
}

bool ot_is_source_name(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!ot_text_is_alnum(text[i]) &&
            (i == 0 || (text[i] != '.' && text[i] != '_' && text[i] != '-')))
            return false;
    return len > 0 && len <= OT_SOURCE_NAME_MAX;
}
