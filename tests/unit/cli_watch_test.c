#include "base/limits.h"
#include "base/service_manager.h"
#include "commands/watch_schedule_internal.h"
#include "config/source.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const struct ot_source source = {.refresh_interval_s = 900, .max_stale_s = 604800};
static const struct ot_state no_failure = {0};

static void an_interval_is_spread_by_a_tenth(void)
{
    CU_ASSERT_EQUAL(ot_watch_spread_ms(900, 0), 900000);
    CU_ASSERT_EQUAL(ot_watch_spread_ms(900, -1), 810000);
    CU_ASSERT_EQUAL(ot_watch_spread_ms(900, 1), 990000);
    CU_ASSERT_EQUAL(ot_watch_spread_ms(1, -1), 900);
    CU_ASSERT(ot_watch_spread_ms(INT64_MAX, 1) > 0);
}

static void a_start_waits_for_what_is_left(void)
{
    CU_ASSERT_EQUAL(ot_watch_first_ms(&source, -1, &no_failure, 1000, 0), 0);
    CU_ASSERT_EQUAL(ot_watch_first_ms(&source, 0, &no_failure, 1000, 0), 900000);
    CU_ASSERT_EQUAL(ot_watch_first_ms(&source, 600, &no_failure, 1000, 0), 300000);
    CU_ASSERT_EQUAL(ot_watch_first_ms(&source, 900, &no_failure, 1000, 1), 0);
    CU_ASSERT_EQUAL(ot_watch_first_ms(&source, 850, &no_failure, 1000, -1), 0);
    CU_ASSERT_EQUAL(ot_watch_first_ms(&source, INT64_MAX, &no_failure, 1000, 0), 0);
}

static void a_start_respects_a_back_off(void)
{
    struct ot_state state = {.failures = 2, .retry_at = 1060};

    CU_ASSERT_EQUAL(ot_watch_first_ms(&source, -1, &state, 1000, 0), 60000);
    CU_ASSERT_EQUAL(ot_watch_first_ms(&source, -1, &state, 1000, -1), 66000);
    CU_ASSERT_EQUAL(ot_watch_first_ms(&source, -1, &state, 2000, 0), 0);
}

static void a_failure_is_tried_again_later_and_later(void)
{
    int64_t before = 0;

    for (unsigned failures = 1; failures < 20; failures++) {
        int64_t wait = ot_watch_retry_ms(failures, &no_failure, 1000, 0);

        CU_ASSERT(wait >= before);
        CU_ASSERT(wait >= OT_BACKOFF_FIRST_S * 1000);
        CU_ASSERT(wait <= OT_BACKOFF_LONGEST_S * 1000);
        CU_ASSERT(ot_watch_retry_ms(failures, &no_failure, 1000, -1) >= wait);
        before = wait;
    }
    CU_ASSERT_EQUAL(before, OT_BACKOFF_LONGEST_S * 1000);
}

static void the_moment_that_the_api_named_counts(void)
{
    struct ot_state state = {.failures = 1, .retry_at = 1000 + 7200};

    CU_ASSERT_EQUAL(ot_watch_retry_ms(1, &state, 1000, 0), 7200000);
    CU_ASSERT(ot_watch_retry_ms(1, &state, 1000, -1) >= 7200000);
}

/* Row 36 of tests/faults: the state was written by a clock that ran a year ahead. */
static void fault_36_a_moment_in_the_far_future_is_not_believed(void)
{
    struct ot_state state = {.failures = 1, .retry_at = 1000 + (int64_t)365 * 86400};

    CU_ASSERT(ot_watch_retry_ms(1, &state, 1000, 0) <= (int64_t)24 * 3600 * 1000);
    CU_ASSERT(ot_watch_first_ms(&source, -1, &state, 1000, 0) <=
              (int64_t)24 * 3600 * 1000);
}

/* Of row 36, too: the attempt itself lies in the future, so that no API has asked for
 * that pause. Any other program syncs at once then (ot_state_holds_back). */
static void fault_36_an_attempt_in_the_future_holds_nothing_back(void)
{
    const int64_t ahead = 1000 + (int64_t)365 * 86400;
    struct ot_state state = {.failures = 1, .attempt_at = ahead, .retry_at = ahead + 30};

    CU_ASSERT_EQUAL(ot_watch_first_ms(&source, -1, &state, 1000, 0), 0);
    CU_ASSERT_EQUAL(ot_watch_retry_ms(1, &state, 1000, 0), OT_BACKOFF_FIRST_S * 1000);
}

/* A wrong Retry-After must not keep a host from ever waiting again. */
static void nobody_is_sent_away_from_a_wait_for_good(void)
{
    const int64_t day_ms = (int64_t)86400 * 1000;

    CU_ASSERT_EQUAL(ot_watch_asked_ms(600000, 0), 600000);
    CU_ASSERT_EQUAL(ot_watch_asked_ms(600000, 1), 750000);
    CU_ASSERT_EQUAL(ot_watch_asked_ms(day_ms, 0), day_ms);
    CU_ASSERT_EQUAL(ot_watch_asked_ms(365 * day_ms, 0), day_ms);
    CU_ASSERT_EQUAL(ot_watch_asked_ms(INT64_MAX, 0), day_ms);
}

static void the_service_manager_hears(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    char got[64] = "";

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", unit_path("notify"));
    CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    setenv("NOTIFY_SOCKET", address.sun_path, 1);
    ot_notify("READY=1");
    CU_ASSERT_EQUAL(recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT), 7);
    CU_ASSERT_STRING_EQUAL(got, "READY=1");
    ot_notify_reloading();
    memset(got, 0, sizeof(got));
    CU_ASSERT(recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT) > 0);
    CU_ASSERT_EQUAL(strncmp(got, "RELOADING=1\nMONOTONIC_USEC=", 27), 0);
    close(fd);
    ot_notify("READY=1"); /* nobody listens: not a failure */
    setenv("NOTIFY_SOCKET", "relative", 1);
    ot_notify("READY=1");
    unsetenv("NOTIFY_SOCKET");
}

static void the_watchdog_is_for_its_own_process(void)
{
    char pid[32];

    CU_ASSERT_EQUAL(ot_notify_watchdog_ms(), 0);
    setenv("WATCHDOG_USEC", "30000000", 1);
    CU_ASSERT_EQUAL(ot_notify_watchdog_ms(), 15000);
    snprintf(pid, sizeof(pid), "%d", (int)getpid());
    setenv("WATCHDOG_PID", pid, 1);
    CU_ASSERT_EQUAL(ot_notify_watchdog_ms(), 15000);
    setenv("WATCHDOG_PID", "1", 1);
    CU_ASSERT_EQUAL(ot_notify_watchdog_ms(), 0);
    unsetenv("WATCHDOG_PID");
    setenv("WATCHDOG_USEC", "30s", 1);
    CU_ASSERT_EQUAL(ot_notify_watchdog_ms(), 0);
    unsetenv("WATCHDOG_USEC");
}

static const struct unit_case cases[] = {
    {"an_interval_is_spread_by_a_tenth", an_interval_is_spread_by_a_tenth},
    {"a_start_waits_for_what_is_left", a_start_waits_for_what_is_left},
    {"a_start_respects_a_back_off", a_start_respects_a_back_off},
    {"a_failure_is_tried_again_later_and_later",
     a_failure_is_tried_again_later_and_later},
    {"the_moment_that_the_api_named_counts", the_moment_that_the_api_named_counts},
    {"fault_36_a_moment_in_the_far_future_is_not_believed",
     fault_36_a_moment_in_the_far_future_is_not_believed},
    {"fault_36_an_attempt_in_the_future_holds_nothing_back",
     fault_36_an_attempt_in_the_future_holds_nothing_back},
    {"nobody_is_sent_away_from_a_wait_for_good",
     nobody_is_sent_away_from_a_wait_for_good},
    {"the_service_manager_hears", the_service_manager_hears},
    {"the_watchdog_is_for_its_own_process", the_watchdog_is_for_its_own_process},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return unit_main("cli_watch", cases, argc, argv);
}
