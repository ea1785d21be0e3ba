/* When a source is synced next. Pure: the caller reads clocks and rolls dice. */
#ifndef OT_CLI_COMMANDS_WATCH_SCHEDULE_INTERNAL_H
#define OT_CLI_COMMANDS_WATCH_SCHEDULE_INTERNAL_H

#include "cache/state.h"
#include "config/config.h"

/* An interval of seconds, spread by jitter in [-1, 1] to ±10 %, in ms: hosts that were
 * started together do not ask together. Never 0 for a positive interval. */
int64_t ot_watch_spread_ms(int64_t interval_s, double jitter);

/* Until the first sync after a start or a reload: what a snapshot of that age (-1: none,
 * or its time lies in the future) and the recorded failures leave, never longer than the
 * interval or the back-off. now is Unix seconds, as the state's times are. */
int64_t ot_watch_first_ms(const struct ot_source *source, int64_t age_s,
                          const struct ot_state *state, int64_t now, double jitter);

/* Until the next try after a failure, the n-th in a row that this process saw: what the
 * state asks for, at least the back-off, and never sooner than after its spread. */
int64_t ot_watch_retry_ms(unsigned failures, const struct ot_state *state, int64_t now,
                          double jitter);

/* For how long no other one may wait after an API has asked to be left alone for so long:
 * that, and up to a quarter more by share in [0, 1); but a day's time at most. */
int64_t ot_watch_asked_ms(int64_t retry_after_ms, double share);

#endif
