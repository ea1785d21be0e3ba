/* What admin*.c share. */
#ifndef OT_CHANGE_ADMIN_INTERNAL_H
#define OT_CHANGE_ADMIN_INTERNAL_H

#include <stddef.h>

#include "base/error.h"
#include "config/source.h"

struct ot_admin_cert;
struct ot_api;
struct ot_http_tuning;
struct ot_key;
struct ot_snapshot;

struct ot_admin {
    const struct ot_source *configured; /* whose snapshot it is */
    struct ot_source source;            /* the same in this scope; owns nothing */
    const struct ot_key *key;
    const struct ot_http_tuning *tuning; /* NULL: the default */
    const volatile int *stop;            /* may be NULL */
    char *project;
    struct ot_api *api;
    struct ot_api *organization; /* NULL: api is */
    struct ot_admin_cert *certs;
    size_t count;
};

/* The snapshot of the source, whatever its age; NULL: there is none that can be read. The
 * caller drops the reference. */
struct ot_snapshot *ot_admin_snapshot(const struct ot_admin *admin);

/* Gives each of the listed certificates its label, as far as it is known. */
enum ot_status ot_admin_label(struct ot_admin *admin, struct ot_error *err);

#endif
