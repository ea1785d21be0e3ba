/* Lines to standard error. They never hold a key, a body or a query. */
#ifndef OT_SERVER_LOG_H
#define OT_SERVER_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "cache/error.h"

/* "orgtrust-server: " and the sentence. */
void ot_log_failure(const struct ot_error *err);

struct ot_log_request {
    const char *method, *path;
    const char *caller; /* the key's id, or "-" */
    unsigned status;
    size_t bytes;
    int64_t microseconds;
};
void ot_log_request(const struct ot_log_request *request);

/* Microseconds of the monotonic clock. */
int64_t ot_log_clock(void);

#endif
