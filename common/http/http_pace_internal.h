/* How fast requests go out: how many are on their way at once, and, once the server has
 * said that it is too fast (429, Retry-After), when the next one may go. Pure: no clock,
 * no transport.
 *
 * Being told to wait stops everything for that long. What the server took between two
 * such words, divided by the time between them, is what it allows; from then on requests
 * go out at that rate, which grows with each answer and falls with the next refusal. So a
 * limit costs about what it itself takes, and no request is given up for it as long as
 * others are answered. */
#ifndef OT_HTTP_HTTP_PACE_INTERNAL_H
#define OT_HTTP_HTTP_PACE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ot_http_tuning;

enum ot_http_pace_mode {
    OT_PACE_FREE,    /* nobody has complained */
    OT_PACE_PROBING, /* one at a time, and one more with each round, to learn the rate */
    OT_PACE_STEADY   /* at the rate */
};

struct ot_http_pace {
    unsigned connections; /* over HTTP/1.1: so many were worth opening */
    enum ot_http_pace_mode mode;
    int64_t paused_ms;      /* when the server last asked for a pause, monotonic */
    int64_t pause_until_ms; /* when that ends */
    unsigned pauses;        /* since the last answer */
    unsigned stalls;        /* those of them that count against the retries */
    bool has_answers;       /* there has been one */
    int64_t since_ms;       /* when it asked before, and took `answers` since */
    uint64_t answers;
    unsigned at_once, round; /* while probing: requests on their way, answers so far */
    double rate;             /* requests a millisecond */
    bool has_overshot;       /* the rate has once been too high */
    double credit, credit_max;
    int64_t credit_ms; /* when the credit was what it says */
};

/* As many requests as can move, at least one. Over HTTP/1.1 that is one a connection,
 * more would only wait inside libcurl, with their time running; and a connection is
 * opened for several of the requests that are still to be sent, since each costs the
 * server one. */
unsigned ot_http_pace_window(struct ot_http_pace *pace,
                             const struct ot_http_tuning *tuning, bool multiplexes,
                             size_t waiting);

/* Whether one more may go while `running` are on their way; if so it is counted. */
bool ot_http_pace_take(struct ot_http_pace *pace, int64_t now_ms, unsigned running);

/* Milliseconds until ot_http_pace_take may say yes by the clock alone. */
int64_t ot_http_pace_wait(struct ot_http_pace *pace, int64_t now_ms);

/* A request that was sent at sent_ms has been answered, whatever with. */
void ot_http_pace_answered(struct ot_http_pace *pace, int64_t sent_ms);

/* It was turned away instead, and asked to come back after_ms later (-1: it was not said
 * when). Returns how long it waits, or -1: nothing has been answered for as many pauses
 * as there are retries. All that was on its way when the server spoke is one word. random
 * is 32 random bits. */
int64_t ot_http_pace_refused(struct ot_http_pace *pace,
                             const struct ot_http_tuning *tuning, int64_t sent_ms,
                             int64_t now_ms, int64_t after_ms, uint32_t random);

#endif
