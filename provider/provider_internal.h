/* One provider context: what belongs to one OSSL_LIB_CTX that loaded us. */
#ifndef OT_PROVIDER_PROVIDER_INTERNAL_H
#define OT_PROVIDER_PROVIDER_INTERNAL_H

#include "errors_internal.h"
#include "sources_internal.h"

struct ot_provider {
    struct ot_core core;
    struct ot_sources sources;
};

/* The store loader, store.c. */
extern const OSSL_DISPATCH ot_store_functions[];

#endif
