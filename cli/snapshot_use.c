#include "snapshot_use.h"

#include <string.h>

enum ot_status ot_snapshot_use_begin(struct ot_snapshot_use *use, const char *name,
                                     struct ot_error *err)
{
    enum ot_status status;

    memset(use, 0, sizeof(*use));
    status = ot_config_load(&use->config, err);
    if (status == OT_OK)
        status = ot_config_find(use->config, name, &use->source, err);
    if (status == OT_OK)
        status = ot_cache_new(&use->cache, use->source, err);
    if (status == OT_OK)
        status = ot_cache_get(use->cache, 0, &use->snapshot, err);
    return status;
}

void ot_snapshot_use_end(struct ot_snapshot_use *use)
{
    ot_snapshot_unref(use->snapshot);
    ot_cache_free(use->cache);
    ot_config_free(use->config);
    memset(use, 0, sizeof(*use));
}

char *ot_snapshot_text(struct ot_span span)
{
    return span.data ? strndup((const char *)span.data, span.len) : strdup("");
}
