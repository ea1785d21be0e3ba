#include "unit.h"

#include <string.h>
#include <time.h>

#include "http/http_retry_internal.h"

static const struct ot_http_tuning tuning = {
    .retries = 2,
    .retry_first_ms = 500,
    .retry_longest_ms = 8000,
    .retry_after_max_ms = 60000,
};

static const struct ot_http_attempt got_503 = {
    .method = OT_HTTP_GET,
    .idempotent = true,
    .sent = true,
    .status = 503,
    .retry_after_ms = -1,
    .attempts = 1,
};

static bool repeats(enum ot_http_method method, bool idempotent, long status)
{
    struct ot_http_attempt attempt = got_503;

    attempt.method = method;
    attempt.idempotent = idempotent;
    attempt.status = status;
    return ot_http_retry_wait(&tuning, &attempt, 0) >= 0;
}

static void fault_25_which_answers_are_repeated(void)
{
    static const long yes[] = {408, 409, 429, 500, 502, 503, 504, 599};
    static const long no[] = {200, 204, 301, 400, 401, 403, 404, 410, 422, 600};

    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
        CU_ASSERT_TRUE(repeats(OT_HTTP_GET, true, yes[i]));
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
        CU_ASSERT_FALSE(repeats(OT_HTTP_GET, true, no[i]));
    /* A conflict on a write is the answer, not a passing trouble (row 23). */
    CU_ASSERT_FALSE(repeats(OT_HTTP_POST, true, 409));
    CU_ASSERT_FALSE(repeats(OT_HTTP_DELETE, true, 409));
    CU_ASSERT_TRUE(repeats(OT_HTTP_POST, true, 500));
    CU_ASSERT_TRUE(repeats(OT_HTTP_DELETE, true, 502));
}

static void fault_25_a_write_is_not_sent_twice(void)
{
    struct ot_http_attempt attempt = got_503;

    CU_ASSERT_FALSE(repeats(OT_HTTP_POST, false, 500));
    CU_ASSERT_FALSE(repeats(OT_HTTP_POST, false, 503));
    CU_ASSERT_FALSE(repeats(OT_HTTP_POST, false, 408));
    CU_ASSERT_TRUE(repeats(OT_HTTP_POST, false, 429));
    attempt.method = OT_HTTP_POST;
    attempt.idempotent = false;
    attempt.status = 0;
    attempt.passing = true;
    CU_ASSERT_EQUAL(ot_http_retry_wait(&tuning, &attempt, 0), -1);
    attempt.sent = false;
    CU_ASSERT_TRUE(ot_http_retry_wait(&tuning, &attempt, 0) >= 0);
    attempt.passing = false;
    CU_ASSERT_EQUAL(ot_http_retry_wait(&tuning, &attempt, 0), -1);
}

static void fault_25_backs_off_within_bounds(void)
{
    struct ot_http_tuning many = tuning;
    struct ot_http_attempt attempt = got_503;
    static const int64_t expected[] = {500, 1000, 2000, 4000, 8000, 8000, 8000};

    many.retries = 100;
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        attempt.attempts = (unsigned)i + 1;
        CU_ASSERT_EQUAL(ot_http_retry_wait(&many, &attempt, 0), expected[i]);
        CU_ASSERT_EQUAL(ot_http_retry_wait(&many, &attempt, UINT32_MAX),
                        expected[i] - (expected[i] / 4 - 1));
        CU_ASSERT_EQUAL(ot_http_retry_wait(&many, &attempt, 0x80000000u),
                        expected[i] - expected[i] / 8);
    }
    attempt.attempts = 100;
    CU_ASSERT_EQUAL(ot_http_retry_wait(&many, &attempt, 0), 8000);
    attempt.attempts = 101;
    CU_ASSERT_EQUAL(ot_http_retry_wait(&many, &attempt, 0), -1);
    attempt.attempts = 3;
    CU_ASSERT_EQUAL(ot_http_retry_wait(&tuning, &attempt, 0), -1);
}

static void fault_24_retry_after_is_a_floor_with_a_cap(void)
{
    struct ot_http_attempt attempt = got_503;

    attempt.status = 429;
    attempt.retry_after_ms = 0;
    CU_ASSERT_EQUAL(ot_http_retry_wait(&tuning, &attempt, 0), 0);
    CU_ASSERT_EQUAL(ot_http_retry_wait(&tuning, &attempt, UINT32_MAX), 499);
    attempt.retry_after_ms = 10000;
    CU_ASSERT_EQUAL(ot_http_retry_wait(&tuning, &attempt, 0), 10000);
    CU_ASSERT_EQUAL(ot_http_retry_wait(&tuning, &attempt, UINT32_MAX), 12499);
    attempt.retry_after_ms = 60000;
    CU_ASSERT_EQUAL(ot_http_retry_wait(&tuning, &attempt, 0), 60000);
    attempt.retry_after_ms = 60001;
    CU_ASSERT_EQUAL(ot_http_retry_wait(&tuning, &attempt, 0), -1);
    attempt.retry_after_ms = INT64_MAX;
    CU_ASSERT_EQUAL(ot_http_retry_wait(&tuning, &attempt, 0), -1);
}

static void fault_24_retry_after_is_read_strictly(void)
{
    const int64_t now = 784111777; /* Sun, 06 Nov 1994 08:49:37 GMT */
    static const struct {
        const char *value;
        int64_t ms;
    } rows[] = {
        {NULL, -1},
        {"", -1},
        {"0", -1},
        {"1", 1000},
        {"  120 ", 120000},
        {"-5", -1},
        {"-0", -1},
        {"+5", -1},
        {"1.5", -1},
        {"1 2", -1},
        {"5s", -1},
        {"0x10", -1},
        {"soon", -1},
        {"Tomorrow", -1},
        {"Sunday", -1},
        {"Sun, 06 Nov 1994 08:49:47 GMT", 10000},
        {"Sunday, 06-Nov-94 08:49:47 GMT", 10000},
        {"Sun Nov  6 08:49:47 1994", 10000},
        {"Sun, 06 Nov 1994 08:49:37 GMT", -1},
        {"Sun, 06 Nov 1994 08:49:27 GMT", -1},
        {"Thu, 01 Jan 1970 00:00:00 GMT", -1},
    };
    int64_t huge = ot_http_retry_after("99999999999999999999999999", now);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t ms = ot_http_retry_after(rows[i].value, now);

        if (ms != rows[i].ms)
            fprintf(stderr, "\n    \"%s\": %lld\n", rows[i].value, (long long)ms);
        CU_ASSERT_EQUAL(ms, rows[i].ms);
    }
    CU_ASSERT_TRUE(huge > tuning.retry_after_max_ms);
    CU_ASSERT_TRUE(ot_http_retry_after("9223372036854775807", now) >
                   tuning.retry_after_max_ms);
    CU_ASSERT_TRUE(ot_http_retry_after("Fri, 31 Dec 9999 23:59:59 GMT", now) >
                   tuning.retry_after_max_ms);
}

static void fault_24_milliseconds_are_read_strictly(void)
{
    static const struct {
        const char *value;
        int64_t ms;
    } rows[] = {
        {NULL, -1},     {"", -1},         {"0", -1},     {"0.0", -1},   {"1", 1},
        {"1500", 1500}, {" 1500 ", 1500}, {"99.5", 100}, {"99.0", 99},  {"-5", -1},
        {"1e3", -1},    {"soon", -1},     {"5ms", -1},   {"1.5.2", -1}, {".5", -1},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        CU_ASSERT_EQUAL(ot_http_retry_after_ms(rows[i].value), rows[i].ms);
    CU_ASSERT_TRUE(ot_http_retry_after_ms("99999999999999999999999999") >
                   tuning.retry_after_max_ms);
}

static void fault_25_the_server_says_whether_to_try_again(void)
{
    struct ot_http_attempt attempt = got_503;

    CU_ASSERT_EQUAL(ot_http_retry_should(NULL), 0);
    CU_ASSERT_EQUAL(ot_http_retry_should("true"), 1);
    CU_ASSERT_EQUAL(ot_http_retry_should("false"), -1);
    CU_ASSERT_EQUAL(ot_http_retry_should("maybe"), 0);
    attempt.should_retry = -1;
    CU_ASSERT_EQUAL(ot_http_retry_wait(&tuning, &attempt, 0), -1);
    attempt.status = 429;
    CU_ASSERT_FALSE(ot_http_retry_is_slower(&tuning, &attempt));
    attempt.status = 400;
    attempt.should_retry = 1;
    CU_ASSERT_EQUAL(ot_http_retry_wait(&tuning, &attempt, 0), 500);
    attempt.idempotent = false; /* not even then a second upload */
    attempt.method = OT_HTTP_POST;
    CU_ASSERT_EQUAL(ot_http_retry_wait(&tuning, &attempt, 0), -1);
    attempt = got_503;
    attempt.status = 200;
    attempt.should_retry = 1;
    CU_ASSERT_EQUAL(ot_http_retry_wait(&tuning, &attempt, 0), -1);
}

static void fault_65_which_answers_ask_for_fewer_requests(void)
{
    struct ot_http_attempt attempt = got_503;

    CU_ASSERT_FALSE(ot_http_retry_is_slower(&tuning, &attempt));
    attempt.retry_after_ms = 1000;
    CU_ASSERT_TRUE(ot_http_retry_is_slower(&tuning, &attempt));
    attempt.status = 500;
    CU_ASSERT_FALSE(ot_http_retry_is_slower(&tuning, &attempt));
    attempt.status = 429;
    attempt.idempotent = false; /* it was turned away, and not carried out */
    CU_ASSERT_TRUE(ot_http_retry_is_slower(&tuning, &attempt));
    attempt.retry_after_ms = -1;
    CU_ASSERT_TRUE(ot_http_retry_is_slower(&tuning, &attempt));
    attempt.retry_after_ms = 60001;
    CU_ASSERT_FALSE(ot_http_retry_is_slower(&tuning, &attempt));
}

static const struct unit_case cases[] = {
    {"fault_25_which_answers_are_repeated", fault_25_which_answers_are_repeated},
    {"fault_25_a_write_is_not_sent_twice", fault_25_a_write_is_not_sent_twice},
    {"fault_25_backs_off_within_bounds", fault_25_backs_off_within_bounds},
    {"fault_24_retry_after_is_a_floor_with_a_cap",
     fault_24_retry_after_is_a_floor_with_a_cap},
    {"fault_24_retry_after_is_read_strictly", fault_24_retry_after_is_read_strictly},
    {"fault_24_milliseconds_are_read_strictly", fault_24_milliseconds_are_read_strictly},
    {"fault_25_the_server_says_whether_to_try_again",
     fault_25_the_server_says_whether_to_try_again},
    {"fault_65_which_answers_ask_for_fewer_requests",
     fault_65_which_answers_ask_for_fewer_requests},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return unit_main("http_retry", cases, argc, argv);
}
