#include "config/source_path.h"

#include <stdio.h>

#include "base/bytes.h"
#include "base/span.h"
#include "config/source.h"

enum ot_status ot_source_path(char *buf, const struct ot_source *source, const char *kind,
                              struct ot_error *err)
{
    int n = snprintf(buf, PATH_MAX, "%s/%s.%s", source->cache_dir, source->name, kind);

    if (n < 0 || n >= PATH_MAX)
        return ot_error_set(err, OT_E_CONFIG,
                            "cache_dir of source '%s' is too long: choose a shorter path",
                            source->name);
    return OT_OK;
}

char *ot_source_scope(const struct ot_source *source)
{
    char *scope = NULL;
    int n = source->project != NULL
                ? asprintf(&scope, "%s project %s%s", source->base_url, source->project,
                           ot_source_inherits(source) ? "" : " alone")
                : asprintf(&scope, "%s organization", source->base_url);

    return n < 0 ? NULL : scope;
}

/* Raised when the same limits make another certificate than before. */
#define LIMITS_FORM 1

uint64_t ot_source_limits(const struct ot_source *source)
{
    uint8_t words[3 * 8];
    uint64_t tag;

    if (ot_source_distrusts(source) ||
        (source->names == NULL && source->not_after_s == 0))
        return 0;
    ot_put_u64(words, LIMITS_FORM);
    ot_put_u64(words + 8,
               source->names != NULL ? ot_span_hash(ot_span_str(source->names)) : 0);
    ot_put_u64(words + 16, (uint64_t)source->not_after_s);
    tag = ot_span_hash(ot_span_of(words, sizeof(words)));
    return tag != 0 ? tag : 1;
}
