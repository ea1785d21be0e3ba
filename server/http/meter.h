/* How many requests there were, how long they took, and what the database refused.
 * Thread-safe: it is counted without a lock. */
#ifndef OT_SERVER_HTTP_METER_H
#define OT_SERVER_HTTP_METER_H

#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "message/request.h"

struct ot_meter;

enum ot_status ot_meter_new(struct ot_meter **out, struct ot_error *err);
void ot_meter_free(struct ot_meter *meter);

struct ot_metered {
    size_t route; /* ot_router_number */
    enum ot_method method;
    unsigned status;
    enum ot_status failure; /* of the database, else OT_OK */
    int64_t microseconds;
};
void ot_meter_count(struct ot_meter *meter, const struct ot_metered *metered);

/* All of it in Prometheus' text format. */
void ot_meter_write(const struct ot_meter *meter, FILE *out);

#endif
