#include "http/http_retry_internal.h"

#include <curl/curl.h>
#include <string.h>

/* Far beyond every cap, and far from overflowing when it becomes milliseconds. */
#define SECONDS_MAX (INT64_MAX / 1000000)

static bool is_decimal(char c)
{
    return c >= '0' && c <= '9';
}

/* The digits at *text, which moves behind them. */
static int64_t parse_digits(const char **text)
{
    int64_t number = 0;

    for (; is_decimal(**text); ++*text) {
        number = number * 10 + (**text - '0');
        if (number > SECONDS_MAX)
            number = SECONDS_MAX;
    }
    return number;
}

static bool is_end(const char *text)
{
    return text[strspn(text, " \t")] == '\0';
}

int64_t ot_http_retry_after(const char *value, int64_t now)
{
    int64_t seconds;
    time_t date;

    if (value == NULL)
        return -1;
    value += strspn(value, " \t");
    if (is_decimal(*value)) {
        seconds = parse_digits(&value);
        return is_end(value) && seconds > 0 ? seconds * 1000 : -1;
    }
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

int64_t ot_http_retry_after_ms(const char *value)
{
    int64_t ms;

    if (value == NULL)
        return -1;
    value += strspn(value, " \t");
    if (!is_decimal(*value))
        return -1;
    ms = parse_digits(&value);
    if (*value == '.') {
        value++;
        ms += parse_digits(&value) > 0; /* never earlier than asked */
    }
    return is_end(value) && ms > 0 ? ms : -1;
}

int ot_http_retry_should(const char *value)
{
    if (value == NULL)
        return 0;
    return strcmp(value, "true") == 0 ? 1 : strcmp(value, "false") == 0 ? -1 : 0;
}

/* Worth another try at all, if it does no harm. */
static bool may_pass(const struct ot_http_attempt *attempt)
{
    long status = attempt->status;

    if (status == 0)
        return attempt->passing;
    if (status < 300 || attempt->should_retry < 0)
        return false;
    return attempt->should_retry > 0 || status == 408 || status == 429 ||
           (status >= 500 && status <= 599) ||
           (status == 409 && attempt->method == OT_HTTP_GET);
}

/* Whether the server could now carry the request out twice. 429 says that it did not. */
static bool is_harmless(const struct ot_http_attempt *attempt)
{
    return attempt->idempotent || attempt->status == 429 ||
           (attempt->status == 0 && !attempt->sent);
}

bool ot_http_retry_is_slower(const struct ot_http_tuning *tuning,
                             const struct ot_http_attempt *attempt)
{
    return (attempt->status == 429 ||
            (attempt->status == 503 && attempt->retry_after_ms >= 0)) &&
           attempt->retry_after_ms <= tuning->retry_after_max_ms && may_pass(attempt) &&
           is_harmless(attempt);
}

int64_t ot_http_retry_share(int64_t span, uint32_t random)
{
    return (int64_t)((double)span * ((double)random / 4294967296.0));
}

int64_t ot_http_retry_backoff(int64_t first_ms, int64_t longest_ms, unsigned n)
{
    int64_t wait = first_ms;

    for (unsigned i = 1; i < n && wait < longest_ms; i++)
        wait *= 2;
    return wait < longest_ms ? wait : longest_ms;
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
        return after + ot_http_retry_share(spread, random);
    }
    wait = ot_http_retry_backoff(tuning->retry_first_ms, tuning->retry_longest_ms,
                                 attempt->attempts);
    return wait - ot_http_retry_share(wait / 4, random);
}
