#include "http/http_pace_internal.h"

#include "base/limits.h"
#include "http/http_request.h"
#include "unit.h"

static const struct ot_http_tuning tuning = {
    .in_flight = 100,
    .connections = 50,
    .retries = 2,
    .retry_first_ms = 500,
    .retry_longest_ms = 8000,
};

static unsigned size(struct ot_http_pace *pace, size_t waiting)
{
    return ot_http_pace_window(pace, &tuning, false, waiting);
}

static void over_http2_all_go_at_once(void)
{
    struct ot_http_pace pace = {0};

    CU_ASSERT_EQUAL(ot_http_pace_window(&pace, &tuning, true, 1), 100);
    CU_ASSERT_EQUAL(ot_http_pace_window(&pace, &tuning, true, 100000), 100);
}

static void connections_are_opened_for_several_requests_each(void)
{
    struct ot_http_pace pace = {0};

    CU_ASSERT_EQUAL(size(&pace, 0), OT_CONNECTIONS_FIRST);
    CU_ASSERT_EQUAL(size(&pace, 25), OT_CONNECTIONS_FIRST);
    CU_ASSERT_EQUAL(size(&pace, 51), 25);
    CU_ASSERT_EQUAL(size(&pace, 75), 37);
    CU_ASSERT_EQUAL(size(&pace, 1000000), 50);
    CU_ASSERT_EQUAL(size(&pace, 3), 50); /* they are open already */
}

static void the_tuning_is_a_limit(void)
{
    const struct ot_http_tuning few = {.in_flight = 100, .connections = 8};
    const struct ot_http_tuning one = {.in_flight = 1, .connections = 8};
    struct ot_http_pace pace = {0};

    CU_ASSERT_EQUAL(ot_http_pace_window(&pace, &few, false, 1000), 8);
    CU_ASSERT_EQUAL(ot_http_pace_window(&pace, &one, false, 1000), 1);
    CU_ASSERT_EQUAL(ot_http_pace_window(&pace, &one, true, 1000), 1);
}

#define HALF 0x80000000u /* in the middle of every jitter */

/* What 50 connections are told at once is one word, and the longest time counts. */
static void fault_24_a_burst_of_refusals_is_one_pause(void)
{
    struct ot_http_pace pace = {0};

    CU_ASSERT_TRUE(ot_http_pace_take(&pace, 1000, 49));
    CU_ASSERT_EQUAL(ot_http_pace_refused(&pace, &tuning, 900, 1000, 2000, 0), 2000);
    for (int i = 0; i < 50; i++)
        CU_ASSERT_EQUAL(ot_http_pace_refused(&pace, &tuning, 900, 1001 + i, -1, 0),
                        1999 - i);
    CU_ASSERT_EQUAL(ot_http_pace_refused(&pace, &tuning, 900, 1100, 3000, 0), 3000);
    CU_ASSERT_FALSE(ot_http_pace_take(&pace, 4099, 0));
    CU_ASSERT_EQUAL(ot_http_pace_wait(&pace, 4099), 1);
    CU_ASSERT_TRUE(ot_http_pace_take(&pace, 4100, 0));
    CU_ASSERT_FALSE(ot_http_pace_take(&pace, 4100, 1)); /* one at a time */
}

/* One request, refused each time: as many attempts as ever. */
static void fault_24_without_any_answer_it_ends(void)
{
    static const int64_t asked[] = {-1, 1000};

    for (int i = 0; i < 2; i++) {
        struct ot_http_pace pace = {0};
        int64_t now = 0, wait = 0;
        int sent = 0;

        for (; wait >= 0 && sent < 10; now += wait + 1, sent++)
            wait = ot_http_pace_refused(&pace, &tuning, now, now + 1, asked[i], HALF);
        CU_ASSERT_EQUAL(sent, 3);
    }
}

/* A server in a time of its own: tokens that come at a rate, and answers after latency.
 */
struct bucket {
    double capacity, tokens, per_ms;
    int64_t at_ms, after_ms; /* what it tells those that it refuses, -1: nothing */
    int64_t latency_ms;
    size_t refused;
};

static bool let_in(struct bucket *bucket, int64_t now_ms)
{
    bucket->tokens += (double)(now_ms - bucket->at_ms) * bucket->per_ms;
    if (bucket->tokens > bucket->capacity)
        bucket->tokens = bucket->capacity;
    bucket->at_ms = now_ms;
    if (bucket->tokens < 1) {
        bucket->refused++;
        return false;
    }
    bucket->tokens -= 1;
    return true;
}

/* Milliseconds that so many requests take, up to 50 on their way; -1: it gave up. */
static int64_t time_to_end(struct bucket *bucket, unsigned count)
{
    struct {
        bool is_used, is_let_in;
        int64_t sent_ms;
    } slots[50] = {{false, false, 0}};
    struct ot_http_pace pace = {.has_answers = true};
    unsigned left = count, running = 0, done = 0;

    for (int64_t now = 1;; now++) {
        for (size_t i = 0; i < 50; i++) {
            if (slots[i].is_used && slots[i].sent_ms + bucket->latency_ms <= now) {
                slots[i].is_used = false;
                running--;
                if (slots[i].is_let_in) {
                    ot_http_pace_answered(&pace, slots[i].sent_ms);
                    if (++done == count)
                        return now;
                } else {
                    left++;
                    if (ot_http_pace_refused(&pace, &tuning, slots[i].sent_ms, now,
                                             bucket->after_ms, HALF) < 0)
                        return -1;
                }
            }
            if (!slots[i].is_used && left > 0 && ot_http_pace_take(&pace, now, running)) {
                slots[i].is_used = true;
                slots[i].sent_ms = now;
                slots[i].is_let_in = let_in(bucket, now);
                left--;
                running++;
            }
        }
    }
}

/* Ten requests a second, 101 of them, whatever the server lets in at once and says. */
static void fault_65_a_limit_costs_about_what_it_takes(void)
{
    static const struct {
        double capacity;
        int64_t after_ms, latency_ms;
        double ratio;
    } rows[] = {
        {10, 1000, 1, 1.3}, {10, 1000, 60, 1.3}, {10, -1, 1, 1.1},  {10, -1, 60, 1.1},
        {20, 1000, 1, 1.3}, {20, -1, 60, 1.1},   {5, -1, 1, 1.1},   {5, -1, 60, 1.1},
        {2, -1, 1, 1.1},    {1, -1, 1, 1.35},    {10, 100, 1, 1.1}, {2, 100, 1, 1.1},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bucket bucket = {
            .capacity = rows[i].capacity,
            .tokens = rows[i].capacity,
            .per_ms = 0.01,
            .after_ms = rows[i].after_ms,
            .latency_ms = rows[i].latency_ms,
        };
        double least_ms = (101 - rows[i].capacity) / 0.01;
        double took_ms = (double)time_to_end(&bucket, 101);

        if (!(took_ms > 0 && took_ms <= rows[i].ratio * least_ms))
            fprintf(stderr, "\n    row %zu: %.0f of %.0f ms, %zu refused\n", i, took_ms,
                    least_ms, bucket.refused);
        CU_ASSERT_TRUE(took_ms > 0 && took_ms <= rows[i].ratio * least_ms);
        CU_ASSERT_TRUE(bucket.refused < 101);
    }
}

int main(int argc, char **argv)
{
    static const struct unit_case cases[] = {
        {"over HTTP/2 all go at once", over_http2_all_go_at_once},
        {"connections are opened for several requests each",
         connections_are_opened_for_several_requests_each},
        {"the tuning is a limit", the_tuning_is_a_limit},
        {"fault_24_a_burst_of_refusals_is_one_pause",
         fault_24_a_burst_of_refusals_is_one_pause},
        {"fault_24_without_any_answer_it_ends", fault_24_without_any_answer_it_ends},
        {"fault_65_a_limit_costs_about_what_it_takes",
         fault_65_a_limit_costs_about_what_it_takes},
        {NULL, NULL},
    };

    return unit_main("http_pace", cases, argc, argv);
}
