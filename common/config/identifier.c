#include "config/identifier.h"

#include <string.h>

#include "base/limits.h"
#include "base/text.h"

bool ot_is_cert_id(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!ot_text_is_alnum(text[i]) && text[i] != '_' && text[i] != '-')
            return false;
    return len > 0 && len <= OT_ID_MAX;
}

static size_t prefix_len(const char *text, size_t len)
{
    const size_t prefix = strlen(OT_ID_PREFIX);

    return len >= prefix && memcmp(text, OT_ID_PREFIX, prefix) == 0 ? prefix : 0;
}

bool ot_begins_cert_id(const char *what, const char *id, size_t len)
{
    size_t what_len = strlen(what);
    const size_t passed = prefix_len(what, what_len), skipped = prefix_len(id, len);

    if (passed > skipped)
        return false;
    what += passed;
    what_len -= passed;
    return what_len >= OT_ID_BEGIN_MIN && what_len <= len - skipped &&
           memcmp(what, id + skipped, what_len) == 0;
}

bool ot_is_source_name(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!ot_text_is_alnum(text[i]) &&
            (i == 0 || (text[i] != '.' && text[i] != '_' && text[i] != '-')))
            return false;
    return len > 0 && len <= OT_SOURCE_NAME_MAX;
}

bool ot_is_host_name(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!ot_text_is_alnum(text[i]) && text[i] != '.' && text[i] != '_' &&
            text[i] != '-')
            return false;
    return len > 0 && len <= OT_HOST_NAME_MAX;
}
