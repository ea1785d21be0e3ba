#include "log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "cache/text.h"
#include "request.h"

/* A path is shown up to here: the longest that names something is shorter. */
#define PATH_SHOWN 400

/* Of a longer one no more is looked at. */
#define PATH_DECODED 2048

/* Nobody encodes as often as that by mistake. */
#define DECODED_AT_MOST 8

/* Letters of keys, ids and words. */
#define RUN "0123456789_-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* What is shorter is no part of a key that helps anybody. */
#define SECRET_LEAST 16

static const char hidden[] = "[hidden]";

/* How much of a run is before a key in it: a key of ours or of the hosted API, whatever
 * stands before it. len: there is none. */
static size_t before_key(const char *run, size_t len)
{
    static const char ours[] = "orgtrust-", theirs[] = "sk-";

    for (size_t i = 0; i < len; i++) {
        if (strncasecmp(run + i, theirs, 3) == 0 && len - i >= 3 + SECRET_LEAST)
            return i;
        if (strncasecmp(run + i, ours, 9) == 0 &&
            strspn(run + i + 9, "0123456789abcdefABCDEF") >= SECRET_LEAST)
            return i;
    }
    return len;
}

/* A word or an id, such as cert_ and 32 digits. */
static bool is_id(const char *run, size_t len)
{
    size_t prefix = strspn(run, "abcdefghijklmnopqrstuvwxyz");

    if (len <= 20)
        return true;
    return prefix >= 2 && prefix <= 8 && run[prefix] == '_' && len - prefix - 1 <= 32 &&
           memchr(run + prefix + 1, '-', len - prefix - 1) == NULL;
}

void ot_log_hide_keys(char *out, size_t size, const char *text, bool ids_only)
{
    size_t used = 0;

    out[0] = '\0';
    while (*text != '\0' && used + 1 < size) {
        size_t len = strspn(text, RUN);
        size_t keep = before_key(text, len);
        int written;

        if (keep == len && ids_only && !is_id(text, len))
            keep = 0;
        written = len == 0 ? snprintf(out + used, size - used, "%c", *text)
                           : snprintf(out + used, size - used, "%.*s%s", (int)keep, text,
                                      keep < len ? hidden : "");
        used += written > 0 ? (size_t)written : 0;
        text += len == 0 ? 1 : len;
    }
}

void ot_log_failure(const struct ot_error *err)
{
    char line[2 * OT_ERROR_MAX];

    ot_log_hide_keys(line, sizeof(line), err->message, false);
    fprintf(stderr, "orgtrust-server: %s\n", line);
}

/* Decoded until there is nothing to decode, as somebody may who looks for a key in it. */
static void format_path(char out[PATH_SHOWN], const char *path)
{
    char plain[PATH_DECODED], escaped[PATH_DECODED];
    unsigned rounds = 0;

    snprintf(plain, sizeof(plain), "%s", path);
    while (ot_request_decode_all(plain))
        if (++rounds > DECODED_AT_MOST) {
            snprintf(out, PATH_SHOWN, "%s", hidden);
            return;
        }
    ot_log_hide_keys(escaped, sizeof(escaped), plain, true);
    ot_text_escape(out, PATH_SHOWN, escaped, strlen(escaped));
}

void ot_log_request(const struct ot_log_request *request)
{
    char when[32], path[PATH_SHOWN];
    time_t now = time(NULL);
    struct tm utc;

    if (gmtime_r(&now, &utc) == NULL ||
        strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
        when[0] = '\0';
    format_path(path, request->path);
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
