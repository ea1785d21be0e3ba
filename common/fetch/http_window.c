#include "fetch/http_window.h"

#include <limits.h>

static unsigned least(size_t a, size_t b)
{
    size_t result = a < b ? a : b;

    return result < UINT_MAX ? (unsigned)result : UINT_MAX;
}

unsigned ot_http_window_size(struct ot_http_window *window,
                             const struct ot_http_tuning *tuning, bool multiplexes,
                             size_t waiting)
{
    unsigned most = least(tuning->connections, tuning->in_flight), size;

    if (window->connections < OT_CONNECTIONS_FIRST)
        window->connections = OT_CONNECTIONS_FIRST;
    if (window->connections < waiting / OT_REQUESTS_PER_CONNECTION)
        window->connections = least(waiting / OT_REQUESTS_PER_CONNECTION, most);
    size = multiplexes ? tuning->in_flight : least(window->connections, most);
    size = window->halvings < sizeof(size) * CHAR_BIT ? size >> window->halvings : 0;
    return size > 0 ? size : 1;
}

void ot_http_window_slow_down(struct ot_http_window *window, int64_t now_ms,
                              int64_t wait_ms)
{
    if (now_ms >= window->pause_until_ms)
        window->halvings++;
    if (window->pause_until_ms < now_ms + wait_ms)
        window->pause_until_ms = now_ms + wait_ms;
}
