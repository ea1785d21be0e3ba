/* How a sync is to go, and what came of it. */
#ifndef OT_SYNC_SYNC_OPTIONS_H
#define OT_SYNC_SYNC_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "http/http.h"
#include "memory/account.h"

struct ot_http_tuning;
struct ot_key;

struct ot_sync_options {
    bool if_stale;    /* nothing to do when the snapshot is fresh, or a back-off runs */
    bool own_listing; /* do not take over the result of a sync that was running already */
    bool accept_empty; /* an active list that became empty is meant */
    /* The source is the configuration's: where that says something else meanwhile, or
     * cannot be used any more, nothing is fetched or written, and OT_E_BUSY or what is
     * wrong with it is the answer. */
    bool is_configured;
    /* Instead of the source's own; may be NULL. That the API refuses it is not recorded
     * as a failure of the source. */
    const struct ot_key *key;
    const struct ot_http_tuning *tuning; /* NULL: the default */
    const char *moment; /* of ot_sync_wait: an older listing is not wanted; NULL: any */
    const volatile int *stop; /* set by a signal handler; may be NULL */
    /* Called as it goes on: phase is "list" or "get"; total 0 where it is not known. */
    void (*progress)(void *arg, const char *phase, size_t done, size_t total);
    /* Called once where another process has this source: who. */
    void (*waits)(void *arg, const char *holder);
    void *arg;
};

struct ot_sync_result {
    bool fetched;       /* false: somebody else had just done it, or it was not due */
    bool changed;       /* a new snapshot was written */
    bool empty_is_sure; /* that nothing is active any more was confirmed */
    size_t total, active, added, removed, modified, quarantined, withheld, warnings;
    struct ot_http_counts http;
    struct ot_news_range news; /* what this sync has put into the source's memory */
    struct ot_error
        news_unwritten; /* why that could not be done; the next sync does it */
};

#endif
