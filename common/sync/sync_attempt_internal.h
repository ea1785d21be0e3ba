/* One attempt to sync a source: where its files lie, whether it is due at all, and how it
 * is written down. */
#ifndef OT_SYNC_SYNC_ATTEMPT_INTERNAL_H
#define OT_SYNC_SYNC_ATTEMPT_INTERNAL_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/error.h"
#include "cache/state.h"
#include "cert/rewrap.h"
#include "sync/sync_earlier_internal.h"

struct ot_snapshot;
struct ot_source;
struct ot_sync_options;
struct ot_sync_result;

struct ot_attempt {
    const struct ot_source *source;
    const struct ot_sync_options *options;
    struct ot_sync_result *result;
    char snapshot[PATH_MAX], partial[PATH_MAX], state[PATH_MAX], offline[PATH_MAX];
    char lock[PATH_MAX], listing[PATH_MAX];
    char *scope;
    uint64_t limits;          /* ot_source_limits; 0: none */
    struct ot_limits limited; /* the same, to be put on certificates */
    struct stat before;       /* of the snapshot, when the attempt began */
    bool was_there;
    int64_t retry_after_ms; /* what the API asked for when it failed; -1: nothing */
    struct ot_state was;    /* what the state file said; nothing where it was no good */
    bool state_is_bad;
    bool takes_reports, takes_waits;   /* as state.h, after this attempt */
    int64_t key_ends_at, key_asked_at; /* as state.h, after this attempt */
    bool is_unchanged;                 /* the API said so, and nothing was listed */
    struct ot_earlier known, now; /* of the listing before this one, and of this one */
};

/* source, options and result are set already. ot_attempt_clear is safe after a failure.
 */
enum ot_status ot_attempt_init(struct ot_attempt *attempt, struct ot_error *err);
void ot_attempt_clear(struct ot_attempt *attempt);

/* The snapshot with every byte verified. One that is absent, damaged or of another scope
 * is none: *out is NULL with OT_OK, and what follows makes a new one. */
enum ot_status ot_attempt_open_old(const struct ot_attempt *attempt,
                                   struct ot_snapshot **out, struct ot_error *err);

/* How many certificates it has, into the result; warnings are not counted there. */
void ot_attempt_count_old(struct ot_attempt *attempt, const struct ot_snapshot *old);

/* What is known of the listing before; old may be NULL. The tag counts for the snapshot
 * alone that was made of its listing. */
void ot_attempt_read_earlier(struct ot_attempt *attempt, const struct ot_snapshot *old);

/* For a sync only if stale: due, or not (*due false), or held back by an earlier failure,
 * which is then this one's answer too. */
enum ot_status ot_attempt_check_due(struct ot_attempt *attempt, bool *due,
                                    struct ot_error *err);

/* Under the lock: somebody else's sync that ended since this one began is taken over
 * (*due false), unless the caller wants a listing of its own. */
enum ot_status ot_attempt_check_taken_over(struct ot_attempt *attempt, bool *due,
                                           struct ot_error *err);

/* Under the lock: reads what the attempts before this one left behind. */
void ot_attempt_read_state(struct ot_attempt *attempt);

/* Under the lock, after that. That this process has no network is
 * written where those without one look (state.h), and holds up nobody else. A failure to
 * write down a failure is swallowed: it must not hide what it was about. */
void ot_attempt_record_failure(struct ot_attempt *attempt, const struct ot_error *why);
/* Writes only where the file says something else. */
enum ot_status ot_attempt_record_success(const struct ot_attempt *attempt,
                                         struct ot_error *err);

#endif
