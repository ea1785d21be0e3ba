#include "http/access_log_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "message/request.h"
#include "shared/log.h"

/* A path is shown up to here: the longest that names something is shorter. */
#define PATH_SHOWN 400

/* Of a longer one no more is looked at. */
#define PATH_DECODED 2048

/* Nobody encodes as often as that by mistake. */
#define DECODED_AT_MOST 8

/* Decoded until there is nothing to decode, as somebody may who looks for a key in it. */
static void format_path(char out[PATH_SHOWN], const char *path)
{
    char plain[PATH_DECODED], escaped[PATH_DECODED];
    unsigned rounds = 0;

    snprintf(plain, sizeof(plain), "%s", path);
    while (ot_request_decode_all(plain))
        if (++rounds > DECODED_AT_MOST) {
            snprintf(out, PATH_SHOWN, "%s", OT_LOG_HIDDEN);
            return;
        }
    ot_log_hide_keys(escaped, sizeof(escaped), plain, true);
    ot_text_escape(out, PATH_SHOWN, escaped, strlen(escaped));
}

void ot_log_request(const struct ot_log_request *request)
{
    char when[OT_LOG_TIME_MAX], path[PATH_SHOWN];

    ot_log_time(when, ot_clock_unix_s());
    format_path(path, request->path);
    /* One call a line: stdio's lock keeps lines of several threads apart. */
    fprintf(stderr, "%s %s %s %s %u %zu %" PRId64 "us\n", when, request->caller,
            request->method, path, request->status, request->bytes,
            request->microseconds);
}
