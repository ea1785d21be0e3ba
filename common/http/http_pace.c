#include "http/http_pace_internal.h"

#include <limits.h>

#include "base/limits.h"
#include "http/http_retry_internal.h"

/* The rate grows by this with each answer: quickly until it was once too high, for a
 * first measurement may be far too low; then so slowly that a refusal stays rare. */
#define GROWTH_FIRST 1.1
#define GROWTH 1.02

/* What is kept of a rate that was too high. */
#define DECREASE 0.85

/* Where the server does not say how long, and has answered before, the first pause is
 * this part of the usual back-off: what a second's allowance fills again is little. */
#define SHORT_PAUSE 5

static unsigned smaller_of(size_t a, size_t b)
{
    size_t result = a < b ? a : b;

    return result < UINT_MAX ? (unsigned)result : UINT_MAX;
}

unsigned ot_http_pace_window(struct ot_http_pace *pace,
                             const struct ot_http_tuning *tuning, bool multiplexes,
                             size_t waiting)
{
    unsigned most = smaller_of(tuning->connections, tuning->in_flight), size;

    if (pace->connections < OT_CONNECTIONS_FIRST)
        pace->connections = OT_CONNECTIONS_FIRST;
    if (pace->connections < waiting / OT_REQUESTS_PER_CONNECTION)
        pace->connections = smaller_of(waiting / OT_REQUESTS_PER_CONNECTION, most);
    size = multiplexes ? tuning->in_flight : smaller_of(pace->connections, most);
    return size > 0 ? size : 1;
}

static void refill_credit(struct ot_http_pace *pace, int64_t now_ms)
{
    pace->credit += (double)(now_ms - pace->credit_ms) * pace->rate;
    pace->credit_ms = now_ms;
    if (pace->credit > pace->credit_max)
        pace->credit = pace->credit_max;
}

bool ot_http_pace_take(struct ot_http_pace *pace, int64_t now_ms, unsigned running)
{
    if (now_ms < pace->pause_until_ms)
        return false;
    if (pace->mode == OT_PACE_PROBING)
        return running < pace->at_once;
    if (pace->mode == OT_PACE_FREE)
        return true;
    refill_credit(pace, now_ms);
    if (pace->credit < 1)
        return false;
    pace->credit -= 1;
    return true;
}

int64_t ot_http_pace_wait(struct ot_http_pace *pace, int64_t now_ms)
{
    if (now_ms < pace->pause_until_ms)
        return pace->pause_until_ms - now_ms;
    if (pace->mode != OT_PACE_STEADY)
        return 0;
    refill_credit(pace, now_ms);
    return pace->credit < 1 ? (int64_t)((1 - pace->credit) / pace->rate) + 1 : 0;
}

void ot_http_pace_answered(struct ot_http_pace *pace, int64_t sent_ms)
{
    pace->has_answers = true;
    if (pace->mode == OT_PACE_FREE || sent_ms <= pace->paused_ms)
        return; /* it says nothing of the time after the pause */
    pace->answers++;
    pace->pauses = pace->stalls = 0;
    if (pace->mode == OT_PACE_STEADY) {
        pace->rate *= pace->has_overshot ? GROWTH : GROWTH_FIRST;
    } else if (++pace->round >= pace->at_once) {
        pace->at_once++;
        pace->round = 0;
    }
}

/* What was answered between two refusals is what the server allows for that time. */
static void learn_limit(struct ot_http_pace *pace, int64_t now_ms)
{
    double took_ms = now_ms > pace->since_ms ? (double)(now_ms - pace->since_ms) : 1;
    double answers = (double)pace->answers;

    if (pace->mode == OT_PACE_FREE) {
        pace->mode = OT_PACE_PROBING;
    } else if (pace->answers == 0) {
        return; /* the time counts for what is answered next */
    } else if (pace->mode == OT_PACE_PROBING) {
        pace->mode = OT_PACE_STEADY;
        pace->rate = answers / took_ms;
        pace->credit_max = answers;
    } else {
        pace->has_overshot = true;
        pace->rate *= DECREASE;
        if (pace->rate < answers / took_ms)
            pace->rate = answers / took_ms;
        if (pace->credit_max > answers)
            pace->credit_max = answers;
    }
    pace->since_ms = now_ms;
    pace->answers = 0;
}

/* Where the server did not say how long. */
static int64_t own_pause(struct ot_http_pace *pace, const struct ot_http_tuning *tuning,
                         uint32_t random)
{
    int64_t first = tuning->retry_first_ms, wait;

    if (pace->has_answers && first > SHORT_PAUSE)
        first /= SHORT_PAUSE;
    wait = ot_http_retry_backoff(first, tuning->retry_longest_ms, pace->pauses);
    pace->stalls += wait >= tuning->retry_first_ms;
    wait -= ot_http_retry_share(wait / 4, random);
    if (pace->mode == OT_PACE_STEADY && pace->pauses == 1 &&
        2 / pace->rate < (double)wait)
        wait = (int64_t)(2 / pace->rate);
    return wait;
}

int64_t ot_http_pace_refused(struct ot_http_pace *pace,
                             const struct ot_http_tuning *tuning, int64_t sent_ms,
                             int64_t now_ms, int64_t after_ms, uint32_t random)
{
    int64_t until_ms;

    if (tuning->retries == 0)
        return -1;
    if (pace->mode != OT_PACE_FREE && sent_ms <= pace->paused_ms) {
        if (after_ms >= 0 && pace->pause_until_ms < now_ms + after_ms)
            pace->pause_until_ms = now_ms + after_ms;
        return pace->pause_until_ms > now_ms ? pace->pause_until_ms - now_ms : 0;
    }
    learn_limit(pace, now_ms);
    pace->pauses++;
    if (after_ms >= 0) {
        pace->stalls++;
        /* Never earlier than asked, and not everybody at the same moment. */
        until_ms = now_ms + after_ms + ot_http_retry_share(after_ms / 10, random);
    } else {
        until_ms = now_ms + own_pause(pace, tuning, random);
    }
    if (pace->stalls > tuning->retries)
        return -1;
    pace->paused_ms = pace->credit_ms = now_ms;
    pace->pause_until_ms = until_ms > now_ms ? until_ms : now_ms + 1;
    pace->at_once = 1;
    pace->round = 0;
    pace->credit = 0;
    return pace->pause_until_ms - now_ms;
}
