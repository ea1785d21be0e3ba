#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "shared/limits.h"
#include "store/postgresql/postgresql_internal.h"

struct ot_hearing {
    PGconn *connection; /* NULL: to be made */
};

void ot_pg_hear_end(struct ot_hearing *hearing)
{
    if (hearing == NULL)
        return;
    PQfinish(hearing->connection);
    free(hearing);
}

static bool begin_hearing(struct ot_hearing *hearing, const char *url)
{
    hearing->connection = ot_pg_open(url);
    if (PQstatus(hearing->connection) == CONNECTION_OK &&
        ot_pg_execute(hearing->connection, "LISTEN " OT_PG_CHANNEL, "listen", NULL,
                      NULL) == OT_OK)
        return true;
    PQfinish(hearing->connection);
    hearing->connection = NULL;
    return false;
}

/* Whether stop can be read, or else something else has happened, or the time is over. */
static bool is_hearing_stopped(int stop, int socket, int timeout_ms)
{
    struct pollfd fds[] = {{.fd = stop, .events = POLLIN},
                           {.fd = socket, .events = POLLIN}};

    while (poll(fds, 2, timeout_ms) < 0 && errno == EINTR)
        continue;
    return fds[0].revents != 0;
}

/* What was heard of all together. */
static bool take_notifications(PGconn *connection)
{
    PGnotify *notification;
    bool is_any = false;

    while ((notification = PQnotifies(connection)) != NULL) {
        PQfreemem(notification);
        is_any = true;
    }
    return is_any;
}

bool ot_pg_hear(struct ot_hearing **at, const char *url, int stop)
{
    struct ot_hearing *hearing = *at;

    if (hearing == NULL)
        hearing = *at = calloc(1, sizeof(*hearing));
    if (hearing == NULL)
        return !is_hearing_stopped(stop, -1, OT_DB_AWAY_RETRY_S * 1000);
    for (;;) {
        if (hearing->connection == NULL) {
            /* What has happened meanwhile was not heard. */
            if (begin_hearing(hearing, url))
                return true;
            if (is_hearing_stopped(stop, -1, OT_DB_AWAY_RETRY_S * 1000))
                return false;
            continue;
        }
        if (is_hearing_stopped(stop, PQsocket(hearing->connection), -1))
            return false;
        if (PQconsumeInput(hearing->connection) != 1) {
            PQfinish(hearing->connection);
            hearing->connection = NULL;
        } else if (take_notifications(hearing->connection)) {
            return true;
        }
    }
}
