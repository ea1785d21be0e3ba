/* So many requests a second for each key: a bucket of that many tokens, which fills up
 * again at that rate. */
#ifndef OT_SERVER_AUTH_RATE_H
#define OT_SERVER_AUTH_RATE_H

#include <stdint.h>

#include "base/error.h"

struct ot_rate;

/* per_second 0: no limit; *out is NULL then. */
enum ot_status ot_rate_new(struct ot_rate **out, unsigned per_second,
                           struct ot_error *err);
void ot_rate_free(struct ot_rate *rate);

/* 0: go ahead; else in how many whole seconds to come again, at least 1. key is any
 * number that names the key; now_us the monotonic clock. Thread-safe; rate may be NULL.
 */
unsigned ot_rate_take(struct ot_rate *rate, int64_t key, int64_t now_us);

#endif
