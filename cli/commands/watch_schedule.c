#include "commands/watch_schedule_internal.h"

#include "base/limits.h"
#include "cache/freshness.h"
#include "config/source.h"

#define SPREAD 0.1

/* An API that says Retry-After may ask for more than our own back-off; a clock that was
 * set back must not turn that into a year. */
#define RETRY_LONGEST_S (24 * 3600)

int64_t ot_watch_spread_ms(int64_t interval_s, double jitter)
{
    /* A refresh_interval may be as long as its type allows; a century is long enough. */
    const int64_t longest_s = (int64_t)100 * 365 * 86400;

    if (interval_s > longest_s)
        interval_s = longest_s;
    return (int64_t)((double)interval_s * 1000.0 * (1.0 + SPREAD * jitter));
}

/* Seconds until the state allows another try. By a clock that was ahead nobody is held
 * back, as in ot_state_holds_back. */
static int64_t state_wait_s(const struct ot_state *state, int64_t now)
{
    int64_t wait_s;

    if (state->failures == 0 || state->retry_at <= now ||
        state->attempt_at > now + OT_CLOCK_SKEW_S)
        return 0;
    wait_s = state->retry_at - now;
    return wait_s > RETRY_LONGEST_S ? RETRY_LONGEST_S : wait_s;
}

int64_t ot_watch_first_ms(const struct ot_source *source, int64_t age_s,
                          const struct ot_state *state, int64_t now, double jitter)
{
    int64_t wait_s = state_wait_s(state, now);
    int64_t left_ms;

    if (wait_s > 0)
        return ot_watch_spread_ms(wait_s, jitter < 0 ? -jitter : jitter);
    if (age_s < 0 || age_s >= source->refresh_interval_s)
        return 0;
    left_ms = ot_watch_spread_ms(source->refresh_interval_s, jitter) - age_s * 1000;
    return left_ms > 0 ? left_ms : 0;
}

int64_t ot_watch_retry_ms(unsigned failures, const struct ot_state *state, int64_t now,
                          double jitter)
{
    int64_t backoff_s = ot_freshness_backoff(failures);
    int64_t wait_s = state_wait_s(state, now);

    /* Only later, never sooner: the API may have named the moment. */
    return ot_watch_spread_ms(wait_s > backoff_s ? wait_s : backoff_s,
                              jitter < 0 ? -jitter : jitter);
}

int64_t ot_watch_asked_ms(int64_t retry_after_ms, double share)
{
    const int64_t longest_ms = INT64_C(1000) * OT_RETRY_AFTER_SCHEDULE_MAX_S;

    if (retry_after_ms > longest_ms)
        retry_after_ms = longest_ms;
    return (int64_t)((double)retry_after_ms * (1.0 + share / 4));
}
