/* The sources that `orgtrust watch` keeps fresh, each with its own clock. */
#ifndef OT_CLI_COMMANDS_WATCHED_INTERNAL_H
#define OT_CLI_COMMANDS_WATCHED_INTERNAL_H

#include "commands/watch_wait_internal.h"
#include "memory/account.h"
#include "sync/sync.h"
#include "view/cli.h"

struct ot_watched {
    const struct ot_source *source;
    int64_t due_ms;    /* by ot_watch_clock_ms */
    int64_t seen_at;   /* the snapshot's time after our last look; 0: none */
    unsigned failures; /* in a row, in this process */
    char *trouble;     /* what the last of them said; NULL: there was none */
    bool has_mark;     /* there was a memory at our last look; mark: of which news */
    struct ot_mark mark;
    struct ot_waiter waiter;
};

struct ot_watch {
    struct ot_config *config;
    struct ot_watched *watched;
    size_t count;
    int64_t ahead_ms; /* by which the wall clock was ahead of ot_watch_clock_ms */
};

/* Loads the configuration and schedules each source by what its snapshot and state say.
 */
enum ot_status ot_watch_load(struct ot_watch *watch, const struct ot_options *options,
                             struct ot_error *err);
/* The same in place of what is watched already, which stays when the configuration cannot
 * be used. */
enum ot_status ot_watch_reload(struct ot_watch *watch, const struct ot_options *options,
                               struct ot_error *err);
void ot_watch_clear(struct ot_watch *watch);

/* Sleeps until a signal comes, the time is over, or an API says by itself that something
 * has changed, whose source is then due. */
void ot_watch_sleep(struct ot_watch *watch, const volatile int *stop, int64_t timeout_ms);

/* Milliseconds of a clock that nobody sets and that goes on while the machine sleeps. */
int64_t ot_watch_clock_ms(void);

/* Once the wall clock was set, or a virtual machine stood still for a while: what is old
 * by it, as all others see it, is due now, and not after the rest of the interval. */
void ot_watch_heed_wall_clock(struct ot_watch *watch);

/* The one that is due first; count is never 0 after loading. */
struct ot_watched *ot_watch_next(struct ot_watch *watch);

/* When somebody else refreshed the source since our last look, its due time moves and the
 * result is true: nothing to do now. */
bool ot_watch_was_refreshed(struct ot_watched *watched);

/* All news since our last look, whoever's sync saw it, in place of the range, which is
 * what a sync of ours has just put into the memory, or empty. */
void ot_watch_take_news(struct ot_watched *watched, struct ot_news_range *range);

/* Schedules the next sync after one that ended so. */
void ot_watch_reschedule(struct ot_watched *watched, enum ot_status status,
                         const struct ot_error *error);

/* One whose snapshot is older than max_stale, so that nothing is trusted of it any more;
 * NULL: there is none. One that never had a snapshot is none. */
const struct ot_watched *ot_watch_expired(const struct ot_watch *watch);

#endif
