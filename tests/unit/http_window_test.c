#include "fetch/http_window.h"

#include "unit.h"

static const struct ot_http_tuning tuning = {.in_flight = 100, .connections = 50};

static unsigned size(struct ot_http_window *window, size_t waiting)
{
    return ot_http_window_size(window, &tuning, false, waiting);
}

static void over_http2_all_go_at_once(void)
{
    struct ot_http_window window = {0};

    CU_ASSERT_EQUAL(ot_http_window_size(&window, &tuning, true, 1), 100);
    CU_ASSERT_EQUAL(ot_http_window_size(&window, &tuning, true, 100000), 100);
}

static void connections_are_opened_for_several_requests_each(void)
{
    struct ot_http_window window = {0};

    CU_ASSERT_EQUAL(size(&window, 0), OT_CONNECTIONS_FIRST);
    CU_ASSERT_EQUAL(size(&window, 25), OT_CONNECTIONS_FIRST);
    CU_ASSERT_EQUAL(size(&window, 51), 25);
    CU_ASSERT_EQUAL(size(&window, 75), 37);
    CU_ASSERT_EQUAL(size(&window, 1000000), 50);
    CU_ASSERT_EQUAL(size(&window, 3), 50); /* they are open already */
}

static void the_tuning_is_a_limit(void)
{
    const struct ot_http_tuning few = {.in_flight = 100, .connections = 8};
    const struct ot_http_tuning one = {.in_flight = 1, .connections = 8};
    struct ot_http_window window = {0};

    CU_ASSERT_EQUAL(ot_http_window_size(&window, &few, false, 1000), 8);
    CU_ASSERT_EQUAL(ot_http_window_size(&window, &one, false, 1000), 1);
    CU_ASSERT_EQUAL(ot_http_window_size(&window, &one, true, 1000), 1);
}

/* What 50 connections are told at once is one word. */
static void fault_24_a_pause_halves_once(void)
{
    struct ot_http_window window = {0};

    CU_ASSERT_EQUAL(size(&window, 1000), 50);
    for (int i = 0; i < 50; i++)
        ot_http_window_slow_down(&window, 1000 + i, 2000);
    CU_ASSERT_EQUAL(size(&window, 1000), 25);
    CU_ASSERT_EQUAL(ot_http_window_size(&window, &tuning, true, 1000), 50);
    ot_http_window_slow_down(&window, 3048, 2000); /* the pause lasts until 3049 */
    CU_ASSERT_EQUAL(size(&window, 1000), 25);
    ot_http_window_slow_down(&window, 5048, 2000); /* after the one that was asked for */
    CU_ASSERT_EQUAL(size(&window, 1000), 12);
}

static void fault_24_one_request_always_goes(void)
{
    struct ot_http_window window = {0};

    for (int64_t now = 0; now < 100; now++)
        ot_http_window_slow_down(&window, now, 1);
    CU_ASSERT_EQUAL(size(&window, 1000), 1);
    CU_ASSERT_EQUAL(ot_http_window_size(&window, &tuning, true, 1000), 1);
}

int main(int argc, char **argv)
{
    static const struct unit_case cases[] = {
        {"over HTTP/2 all go at once", over_http2_all_go_at_once},
        {"connections are opened for several requests each",
         connections_are_opened_for_several_requests_each},
        {"the tuning is a limit", the_tuning_is_a_limit},
        {"fault_24_a_pause_halves_once", fault_24_a_pause_halves_once},
        {"fault_24_one_request_always_goes", fault_24_one_request_always_goes},
        {NULL, NULL},
    };

    return unit_main("http_window", cases, argc, argv);
}
