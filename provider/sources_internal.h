/* The sources of one provider context: the configuration and a cache for each, loaded
 * when the first URI is opened, since a program that merely starts OpenSSL must not pay.
 *
 * Lock-free: what several threads load at once is published by the first, so that a fork
 * at any moment leaves nothing locked. */
#ifndef OT_PROVIDER_SOURCES_INTERNAL_H
#define OT_PROVIDER_SOURCES_INTERNAL_H

#include <stdatomic.h>
#include <stdbool.h>

#include "cache/cache.h"

struct ot_distrust;
struct ot_sources_loaded;

struct ot_sources {
    _Atomic(struct ot_sources_loaded *) loaded;
};

/* The cache of a source by name ("" is the default one); it lives as long as the sources.
 * A failure is not remembered: the next call reads the configuration again.
 * *known, if not NULL, says whether the configuration itself could be loaded. */
enum ot_status ot_sources_find(struct ot_sources *sources, const char *name,
                               struct ot_cache **cache, bool *known,
                               struct ot_error *err);

/* What the sources say no to, once ot_sources_find has succeeded; NULL: to nothing. */
struct ot_distrust *ot_sources_distrust(struct ot_sources *sources);

/* Nobody may be using them any more. */
void ot_sources_clear(struct ot_sources *sources);

#endif
