#include "shared/log.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/error.h"
#include "shared/limits.h"

/* Letters of keys, ids and words. */
#define RUN "0123456789_-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* What is shorter is no part of a key that helps anybody. */
#define SECRET_LEAST 16

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
                                      keep < len ? OT_LOG_HIDDEN : "");
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

const char *ot_log_time(char out[OT_LOG_TIME_MAX], int64_t when)
{
    time_t seconds = (time_t)when;
    struct tm utc;

    if (gmtime_r(&seconds, &utc) == NULL ||
        strftime(out, OT_LOG_TIME_MAX, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
        snprintf(out, OT_LOG_TIME_MAX, "-");
    return out;
}

bool ot_log_is_due(_Atomic int64_t *said_us)
{
    int64_t said = atomic_load(said_us), now = ot_log_clock();

    return (said == 0 || now - said >= OT_LOG_PAUSE_US) &&
           atomic_compare_exchange_strong(said_us, &said, now);
}

int64_t ot_log_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
