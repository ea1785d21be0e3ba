#include "fetch/http_retry.h"

#include <curl/curl.h>
#include <string.h>

/* Far beyond every cap, and far from overflowing when it becomes milliseconds. */
#define SECONDS_MAX (INT64_MAX / 1000000)

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int64_t parse_seconds(const char *value)
{
    int64_t seconds = 0;

    for (; is_digit(*value); value++) {
        seconds = seconds * 10 + (*value - '0');
        if (seconds > SECONDS_MAX)
            seconds = SECONDS_MAX;
    }
    value += strspn(value, " \t");
    return *value == '\0' ? seconds * 1000 : -1;
}

int64_t ot_http_retry_after(const char *value, int64_t now)
{
    time_t date;

    if (value == NULL)
        return -1;
    value += strspn(value, " \t");
    if (is_digit(*value))
        return parse_seconds(value);
    /* All three forms of an HTTP date begin with the name of a day; curl_getdate alone
     * would also take a bare "-5" for something. */
    if (strchr("MTWFS", *value) == NULL || *value == '\0')
        return -1;
    date = curl_getdate(value, NULL);
    if (date == (time_t)-1 || (int64_t)date <= now)
        return -1;
    return (int64_t)date - now > SECONDS_MAX ? SECONDS_MAX * 1000
                                             : ((int64_t)date - now) * 1000;
}

/* Worth another try at all, if it does no harm. */
static bool may_pass(const struct ot_http_attempt *attempt)
{
    long status = attempt->status;

    if (status == 0)
        return attempt->passing;
    return status == 408 || status == 429 || (status >= 500 && status <= 599) ||
           (status == 409 && attempt->method == OT_HTTP_GET);
}

/* Whether the server could now carry the request out twice. 429 says that it did not. */
static bool is_harmless(const struct ot_http_attempt *attempt)
{
    return attempt->idempotent || attempt->status == 429 ||
           (attempt->status == 0 && !attempt->sent);
}

/* A random share of span. */
static int64_t share(int64_t span, uint32_t random)
{
    return (int64_t)((double)span * ((double)random / 4294967296.0));
}

static int64_t backoff(const struct ot_http_tuning *tuning, unsigned attempts)
{
    int64_t wait = tuning->retry_first_ms;

    for (unsigned i = 1; i < attempts && wait < tuning->retry_longest_ms; i++)
        wait *= 2;
    return wait < tuning->retry_longest_ms ? wait : tuning->retry_longest_ms;
}

int64_t ot_http_retry_wait(const struct ot_http_tuning *tuning,
                           const struct ot_http_attempt *attempt, uint32_t random)
{
    int64_t after = attempt->retry_after_ms;
    int64_t wait, spread;

    if (attempt->attempts > tuning->retries || !may_pass(attempt) ||
        !is_harmless(attempt))
        return -1;
    if (after > tuning->retry_after_max_ms)
        return -1;
    if (after >= 0) {
        /* Never earlier than asked, and not everybody at the same moment. */
        spread = after / 4 > tuning->retry_first_ms ? after / 4 : tuning->retry_first_ms;
        return after + share(spread, random);
    }
    wait = backoff(tuning, attempt->attempts);
    return wait - share(wait / 4, random);
}
