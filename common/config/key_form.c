#include "config/key_form.h"

#include <string.h>

#include "base/limits.h"

bool ot_key_begins(struct ot_span key, const char *prefix)
{
    size_t len = strlen(prefix);

    return key.len >= len && memcmp(key.data, prefix, len) == 0;
}

bool ot_key_is_possible(struct ot_span typed)
{
    /* It becomes a part of a header's line. */
    for (size_t i = 0; i < typed.len; i++)
        if (typed.data[i] < 0x21 || typed.data[i] > 0x7e)
            return false;
    if (ot_key_begins(typed, OT_KEY_OF_SERVER) || ot_key_begins(typed, OT_KEY_OF_HOSTED))
        return typed.len >= OT_KEY_LEN_MIN;
    return typed.len >= OT_KEY_OTHER_LEN_MIN;
}
