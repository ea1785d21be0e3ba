#include "cache/distrust.h"
#include "config/config.h"
#include "config/source.h"
#include "sources_internal.h"

#include <stdbool.h>
#include <stdlib.h>

struct ot_sources_loaded {
    struct ot_config *config;
    struct ot_distrust *distrust; /* NULL: nobody says no */
    size_t count;
    _Atomic(struct ot_cache *) caches[]; /* by the configuration's order; NULL: not yet */
};

static void loaded_free(struct ot_sources_loaded *loaded)
{
    if (loaded == NULL)
        return;
    for (size_t i = 0; i < loaded->count; i++)
        ot_cache_free(atomic_load(&loaded->caches[i]));
    ot_distrust_free(loaded->distrust);
    ot_config_free(loaded->config);
    free(loaded);
}

static enum ot_status loaded_new(struct ot_sources_loaded **out, struct ot_error *err)
{
    struct ot_sources_loaded *loaded;
    struct ot_config *config;
    enum ot_status status;
    size_t count;

    status = ot_config_load(&config, err);
    if (status != OT_OK)
        return status;
    count = ot_config_count(config);
    loaded = malloc(sizeof(*loaded) + count * sizeof(loaded->caches[0]));
    if (loaded == NULL) {
        ot_config_free(config);
        return ot_error_nomem(err);
    }
    loaded->config = config;
    loaded->count = count;
    for (size_t i = 0; i < count; i++)
        atomic_init(&loaded->caches[i], NULL);
    status = ot_distrust_new(&loaded->distrust, config, err);
    if (status == OT_OK)
        *out = loaded;
    else
        loaded_free(loaded);
    return status;
}

static enum ot_status load_once(struct ot_sources *sources,
                                struct ot_sources_loaded **out, struct ot_error *err)
{
    struct ot_sources_loaded *expected = NULL;
    enum ot_status status;

    *out = atomic_load_explicit(&sources->loaded, memory_order_acquire);
    if (*out != NULL)
        return OT_OK;
    status = loaded_new(out, err);
    if (status != OT_OK)
        return status;
    if (!atomic_compare_exchange_strong(&sources->loaded, &expected, *out)) {
        loaded_free(*out);
        *out = expected;
    }
    return OT_OK;
}

static enum ot_status cache_once(struct ot_sources_loaded *loaded, size_t i,
                                 struct ot_cache **out, struct ot_error *err)
{
    struct ot_cache *expected = NULL;
    enum ot_status status;

    *out = atomic_load_explicit(&loaded->caches[i], memory_order_acquire);
    if (*out != NULL)
        return OT_OK;
    status = ot_cache_new(out, ot_config_at(loaded->config, i), err);
    if (status != OT_OK)
        return status;
    if (!atomic_compare_exchange_strong(&loaded->caches[i], &expected, *out)) {
        ot_cache_free(*out);
        *out = expected;
    }
    return OT_OK;
}

enum ot_status ot_sources_find(struct ot_sources *sources, const char *name,
                               struct ot_cache **cache, bool *known, struct ot_error *err)
{
    struct ot_sources_loaded *loaded;
    const struct ot_source *source;
    enum ot_status status;
    size_t i = 0;

    status = load_once(sources, &loaded, err);
    if (known != NULL)
        *known = status == OT_OK;
    if (status == OT_OK)
        status = ot_config_find(loaded->config, name, &source, err);
    if (status != OT_OK)
        return status;
    while (i < loaded->count && ot_config_at(loaded->config, i) != source)
        i++;
    if (i == loaded->count)
        return ot_error_set(err, OT_E_INTERNAL,
                            "source '%s' is not in the list of sources", source->name);
    return cache_once(loaded, i, cache, err);
}

struct ot_distrust *ot_sources_distrust(struct ot_sources *sources)
{
    struct ot_sources_loaded *loaded =
        atomic_load_explicit(&sources->loaded, memory_order_acquire);

    return loaded != NULL ? loaded->distrust : NULL;
}

void ot_sources_clear(struct ot_sources *sources)
{
    loaded_free(atomic_exchange(&sources->loaded, NULL));
}
