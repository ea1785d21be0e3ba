#include "commands/source_use.h"
#include "cache/distrust.h"
#include "config/config.h"
#include "config/source.h"
#include "snapshot/snapshot.h"

#include <stdlib.h>
#include <string.h>

enum ot_status ot_command_sources(const struct ot_options *options,
                                  const struct ot_config *config,
                                  const struct ot_source ***sources, size_t *count,
                                  struct ot_error *err)
{
    size_t total = ot_config_count(config);
    const struct ot_source **list;
    enum ot_status status = OT_OK;

    *sources = NULL;
    *count = 0;
    list = calloc(total > 0 ? total : 1, sizeof(struct ot_source *));
    if (list == NULL)
        return ot_error_nomem(err);
    if (options->source != NULL || total == 0) {
        /* Without any source this fails and says how to make the first. */
        status = ot_config_find(config, options->source, &list[0], err);
        total = 1;
    } else {
        for (size_t i = 0; i < total; i++)
            list[i] = ot_config_at(config, i);
    }
    if (status != OT_OK) {
        free(list);
        return status;
    }
    *sources = list;
    *count = total;
    return OT_OK;
}

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
    if (status == OT_OK && !ot_source_distrusts(use->source))
        status = ot_distrust_new(&use->distrust, use->config, err);
    ot_distrust_look(use->distrust, 0);
    return status;
}

void ot_snapshot_use_end(struct ot_snapshot_use *use)
{
    ot_snapshot_unref(use->snapshot);
    ot_distrust_free(use->distrust);
    ot_cache_free(use->cache);
    ot_config_free(use->config);
    memset(use, 0, sizeof(*use));
}

char *ot_snapshot_text(struct ot_span span)
{
    return span.data ? strndup((const char *)span.data, span.len) : strdup("");
}
