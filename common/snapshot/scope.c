#include "snapshot/scope_internal.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* "project P" or "the organization", and behind it " of URL" where that matters. */
static void describe_scope(char *buf, size_t size, const char *scope, size_t len,
                           size_t url_len, bool with_url)
{
    size_t at = url_len < len ? url_len + 1 : 0;
    bool is_organization = len - at == strlen("organization") &&
                           memcmp(scope + at, "organization", len - at) == 0;

    snprintf(buf, size, "%s%.*s%s%.*s", is_organization ? "the " : "", (int)(len - at),
             scope + at, with_url && at > 0 ? " of " : "",
             with_url && at > 0 ? (int)url_len : 0, scope);
}

static size_t url_length(const char *scope, size_t len)
{
    const char *blank = memchr(scope, ' ', len);

    return blank == NULL ? len : (size_t)(blank - scope);
}

enum ot_status ot_scope_mismatch(struct ot_error *err, const char *found, size_t len,
                                 const char *wanted)
{
    char is[OT_ERROR_MAX / 4], should[OT_ERROR_MAX / 4];
    size_t url = url_length(found, len);
    size_t wanted_len = strlen(wanted), wanted_url = url_length(wanted, wanted_len);
    bool with_url = url != wanted_url || memcmp(found, wanted, url) != 0;

    describe_scope(is, sizeof(is), found, len, url, with_url);
    describe_scope(should, sizeof(should), wanted, wanted_len, wanted_url, with_url);
    return ot_error_set(err, OT_E_SCOPE,
                        "the snapshot is of %s, the configuration says %s", is, should);
}
