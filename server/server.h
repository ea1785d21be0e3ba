/* What all requests share. Immutable but for what guards itself. */
#ifndef OT_SERVER_SERVER_H
#define OT_SERVER_SERVER_H

#include <stdatomic.h>
#include <stdbool.h>

#include "guests.h"
#include "rate.h"
#include "store.h"
#include "wrong_keys.h"

struct ot_server {
    struct ot_store *store;
    struct ot_rate *rate; /* NULL: no limit */
    struct ot_guests *guests;
    struct ot_wrong_keys *wrong_keys;
    int64_t max_certificates;
    bool log;
    atomic_uint in_flight; /* requests between their headers and the end of their reply */
    atomic_uint answering; /* those of them that have come whole */
    atomic_bool stopping;  /* no connection outlives its answer any more */
};

#endif
