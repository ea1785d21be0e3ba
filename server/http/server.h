/* What all requests share. Immutable but for what guards itself. */
#ifndef OT_SERVER_HTTP_SERVER_H
#define OT_SERVER_HTTP_SERVER_H

#include <stdatomic.h>
#include <stdbool.h>

#include "shared/settings.h"

struct ot_answers;
struct ot_guests;
struct ot_meter;
struct ot_openings;
struct ot_rate;
struct ot_store;
struct ot_waits;
struct ot_wrong_keys;

struct ot_server {
    struct ot_store *store;
    struct ot_answers *answers;   /* NULL: none are kept */
    struct ot_openings *openings; /* the same */
    struct ot_rate *rate;         /* NULL: no limit */
    struct ot_guests *guests;
    struct ot_waits *waits;
    struct ot_meter *meter;
    struct ot_wrong_keys *wrong_keys;
    struct ot_settings settings;
    bool log;
    atomic_uint in_flight; /* requests between their headers and the end of their reply */
    atomic_uint answering; /* those of them that have come whole */
    atomic_bool stopping;  /* no connection outlives its answer any more */
    /* Nor one that is older than this (monotonic clock). */
    atomic_llong renewed_us;
    atomic_llong tls_ends_at; /* of the certificate, Unix seconds; 0: no TLS */
};

#endif
