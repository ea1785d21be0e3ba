#include "doctor/exported.h"

#include <stdio.h>
#include <time.h>

#include "cache/cache.h"

static enum ot_status add_source(struct ot_anchors *anchors,
                                 const struct ot_source *source, struct ot_error *err)
{
    struct ot_snapshot *snapshot = NULL;
    struct ot_cache *cache = NULL;
    enum ot_status status = ot_cache_new(&cache, source, err);

    if (status == OT_OK)
        status = ot_cache_get(cache, 0, &snapshot, err);
    if (status == OT_OK)
        status = ot_anchors_add(anchors, snapshot, NULL, time(NULL), err);
    ot_snapshot_unref(snapshot);
    ot_cache_free(cache);
    return status;
}

enum ot_status ot_exported_anchors(struct ot_anchors *anchors,
                                   const struct ot_exports *exports,
                                   const struct ot_export *item, struct ot_error *err)
{
    enum ot_status status = OT_OK;

    for (size_t i = 0; status == OT_OK && i < ot_config_count(exports->config); i++)
        if ((item->sources >> i & 1) != 0)
            status = add_source(anchors, ot_config_at(exports->config, i), err);
    if (status == OT_OK)
        ot_anchors_sort(anchors);
    return status;
}

void ot_exported_why(char *buf, size_t size, const struct ot_exports *exports,
                     const struct ot_export *item)
{
    struct ot_state state;

    buf[0] = '\0';
    if (ot_exports_state(exports, item, &state, NULL) == OT_OK && state.failures > 0)
        snprintf(buf, size, "; the last sync could not: %s", state.last.message);
}
