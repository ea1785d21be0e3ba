/* What admin*.c share. */
#ifndef OT_FETCH_ADMIN_INTERNAL_H
#define OT_FETCH_ADMIN_INTERNAL_H

#include "fetch/admin.h"

struct ot_admin {
    const struct ot_source *configured; /* whose snapshot it is */
    struct ot_source source;            /* the same in this scope; owns nothing */
    struct ot_admin_options options;
    char *project;
    struct ot_api *api;
    struct ot_api *organization; /* NULL: api is */
    struct ot_admin_cert *certs;
    size_t count;
};

#endif
