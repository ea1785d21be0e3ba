/* How the last attempts to sync a source went: NAME.state beside the snapshot, written by
 * a sync under the lock, read by everybody. Absent means: no attempt has failed.
 *
 * NAME.offline is the same for processes without a network (a namespace of their own, no
 * sockets), whose failures say nothing of the others' chances. */
#ifndef OT_CACHE_STATE_H
#define OT_CACHE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct ot_source;

struct ot_state {
    int64_t attempt_at; /* Unix seconds, when the last recorded attempt ended; 0: none */
    int64_t retry_at;   /* not to be repeated on its own before this; 0: any time */
    unsigned failures;  /* in a row; 0 after a success */
    struct ot_error last; /* OT_OK after a success */
    int64_t key_ends_at;  /* when the API last said that the source's key ends; 0: never,
                             or it does not say */
    bool takes_reports;   /* the API last said that it takes reports of hosts */
    bool takes_waits;     /* the API last said that it holds a list until it changes */
    int64_t key_asked_at; /* when it was last asked for that; 0: it says so unasked */
};

/* Reads the file at path; absent gives an empty state and OT_OK. An empty file is a
 * failure of when that was written, for which there was no room. A file that cannot be
 * understood gives an empty state and the reason. */
enum ot_status ot_state_read(struct ot_state *state, const char *path,
                             struct ot_error *err);

/* The state of a source that counts for this process: NAME.state, or, where that does not
 * hold it back and there is no route (confinement.h), what NAME.offline has. As
 * ot_state_read. */
enum ot_status ot_state_of(struct ot_state *state, const struct ot_source *source,
                           struct ot_error *err);

/* Whether nothing is to be tried on its own yet. A failure from the future is another
 * clock's. */
bool ot_state_holds_back(const struct ot_state *state, int64_t now);

/* Replaces the file at path. OT_E_NO_SPACE: it was written over, or is empty, so that a
 * full disk does not have everybody try again at once. */
enum ot_status ot_state_write(const char *path, const struct ot_state *state,
                              struct ot_error *err);

/* The file's text into buf; returns its length, at most OT_STATE_BYTES_MAX - 1. */
size_t ot_state_format(const struct ot_state *state, char *buf, size_t size);

#endif
