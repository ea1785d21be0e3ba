/* A line for each request (--log). It never holds a key, a body or a query. */
#ifndef OT_SERVER_HTTP_ACCESS_LOG_INTERNAL_H
#define OT_SERVER_HTTP_ACCESS_LOG_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

struct ot_log_request {
    const char *method, *path;
    const char *caller; /* the key's id, or "-" */
    unsigned status;
    size_t bytes;
    int64_t microseconds;
};
void ot_log_request(const struct ot_log_request *request);

#endif
