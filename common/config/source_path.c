#include "config/source_path.h"

#include <stdio.h>

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
                           source->inherit ? "" : " alone")
                : asprintf(&scope, "%s organization", source->base_url);

    return n < 0 ? NULL : scope;
}
