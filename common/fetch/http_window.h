/* How many requests may be on their way at once. Pure: no clock, no transport. */
#ifndef OT_FETCH_HTTP_WINDOW_H
#define OT_FETCH_HTTP_WINDOW_H

#include "fetch/http.h"

struct ot_http_window {
    unsigned connections;   /* over HTTP/1.1: so many were worth opening */
    unsigned halvings;      /* so often the server asked for less */
    int64_t pause_until_ms; /* that it last asked for, monotonic */
};

/* As many requests as can move, at least one. Over HTTP/1.1 that is one a connection,
 * more would only wait inside libcurl, with their time running; and a connection is
 * opened for several of the requests that are still to be sent, since each costs the
 * server one. */
unsigned ot_http_window_size(struct ot_http_window *window,
                             const struct ot_http_tuning *tuning, bool multiplexes,
                             size_t waiting);

/* The server asked for a pause (429, Retry-After): from now on half as much at once. What
 * it says during that pause is of the same burst and counts no more. */
void ot_http_window_slow_down(struct ot_http_window *window, int64_t now_ms,
                              int64_t wait_ms);

#endif
