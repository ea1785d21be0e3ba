#include "log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cache/text.h"

/* A path is shown up to here: the longest that names something is shorter. */
#define PATH_SHOWN 400

void ot_log_failure(const struct ot_error *err)
{
    fprintf(stderr, "orgtrust-server: %s\n", err->message);
}

void ot_log_request(const struct ot_log_request *request)
{
    char when[32], path[PATH_SHOWN];
    time_t now = time(NULL);
    struct tm utc;

    if (gmtime_r(&now, &utc) == NULL ||
        strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
        when[0] = '\0';
    ot_text_escape(path, sizeof(path), request->path, strlen(request->path));
    /* One call a line: stdio's lock keeps lines of several threads apart. */
    fprintf(stderr, "%s %s %s %s %u %zu %" PRId64 "us\n", when, request->caller,
            request->method, path, request->status, request->bytes,
            request->microseconds);
}

int64_t ot_log_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
