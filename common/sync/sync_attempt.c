#include "sync/sync_attempt_internal.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/confinement.h"
#include "base/limits.h"
#include "cache/freshness.h"
#include "cache/state.h"
#include "config/source_path.h"
#include "files/file.h"
#include "snapshot/snapshot.h"
#include "sync/sync_options.h"

enum ot_status ot_attempt_init(struct ot_attempt *attempt, struct ot_error *err)
{
    const struct ot_source *source = attempt->source;
    enum ot_status status;

    attempt->retry_after_ms = -1;
    status = ot_source_path(attempt->snapshot, source, OT_SOURCE_SNAPSHOT, err);
    if (status == OT_OK)
        status = ot_source_path(attempt->partial, source, OT_SOURCE_PARTIAL, err);
    if (status == OT_OK)
        status = ot_source_path(attempt->state, source, OT_SOURCE_STATE, err);
    if (status == OT_OK)
        status = ot_source_path(attempt->offline, source, OT_SOURCE_OFFLINE, err);
    if (status == OT_OK)
        status = ot_source_path(attempt->lock, source, OT_SOURCE_LOCK, err);
    if (status == OT_OK)
        status = ot_source_path(attempt->listing, source, OT_SOURCE_LISTING, err);
    if (status != OT_OK)
        return status;
    attempt->scope = ot_source_scope(source);
    if (attempt->scope == NULL)
        return ot_error_nomem(err);
    attempt->limits = ot_source_limits(source);
    status = ot_limits_init(&attempt->limited, source, err);
    if (status != OT_OK)
        return status;
    attempt->was_there = lstat(attempt->snapshot, &attempt->before) == 0;
    return OT_OK;
}

void ot_attempt_clear(struct ot_attempt *attempt)
{
    ot_limits_clear(&attempt->limited);
    ot_earlier_clear(&attempt->known);
    ot_earlier_clear(&attempt->now);
    free(attempt->scope);
    attempt->scope = NULL;
}

enum ot_status ot_attempt_open_old(const struct ot_attempt *attempt,
                                   struct ot_snapshot **out, struct ot_error *err)
{
    enum ot_status status = ot_snapshot_open(out, attempt->snapshot, attempt->scope, err);

    if (status == OT_OK)
        status = ot_snapshot_verify(*out, err);
    if (status == OT_OK)
        return OT_OK;
    ot_snapshot_unref(*out);
    *out = NULL;
    if (status != OT_E_NO_SNAPSHOT && status != OT_E_CORRUPT && status != OT_E_SCOPE)
        return status;
    ot_error_clear(err);
    return OT_OK;
}

void ot_attempt_count_old(struct ot_attempt *attempt, const struct ot_snapshot *old)
{
    const struct ot_snapshot_info *info = ot_snapshot_info(old);
    struct ot_sync_result *result = attempt->result;

    result->total = info->total;
    result->active = info->active;
    result->quarantined = info->quarantined;
    result->withheld = info->withheld;
}

void ot_attempt_read_earlier(struct ot_attempt *attempt, const struct ot_snapshot *old)
{
    ot_earlier_read(&attempt->known, attempt->listing);
    if (old == NULL || ot_snapshot_info(old)->sum != attempt->known.snapshot ||
        ot_snapshot_info(old)->limits != attempt->limits)
        attempt->known.tag[0] = '\0';
}

/* Whether there is a snapshot to use that is not due for a refresh. */
static enum ot_status check_fresh(struct ot_attempt *attempt, bool *fresh,
                                  struct ot_error *err)
{
    struct ot_snapshot *old = NULL;
    enum ot_status status = ot_attempt_open_old(attempt, &old, err);
    struct stat st;

    *fresh = false;
    if (old == NULL)
        return status;
    if (lstat(attempt->snapshot, &st) == 0 && ot_snapshot_is_file(old, &st))
        *fresh = !ot_freshness_of(attempt->source, st.st_mtime, time(NULL)).stale &&
                 ot_snapshot_info(old)->limits == attempt->limits;
    if (*fresh)
        ot_attempt_count_old(attempt, old);
    ot_snapshot_unref(old);
    return OT_OK;
}

/* Whether this process may not even address somebody: security modules, filters and
 * control groups refuse one of the two calls. Nothing is sent by them; the address is one
 * of those for documentation (RFC 5737, RFC 3849). */
static bool is_refused(int family)
{
    const struct sockaddr_in ipv4 = {.sin_family = AF_INET,
                                     .sin_port = htons(9),
                                     .sin_addr.s_addr = htonl(0xc0000201)};
    const struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6,
                                      .sin6_port = htons(9),
                                      .sin6_addr.s6_addr = {0x20, 0x01, 0x0d, 0xb8}};
    int errnum = 0, fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return errno == EPERM || errno == EACCES || errno == EAFNOSUPPORT;
    if (family == AF_INET)
        errnum = connect(fd, (const struct sockaddr *)&ipv4, sizeof(ipv4)) ? errno : 0;
    else
        errnum = connect(fd, (const struct sockaddr *)&ipv6, sizeof(ipv6)) ? errno : 0;
    close(fd);
    return errnum == EPERM || errnum == EACCES;
}

static bool has_network(void)
{
    return ot_confinement_has_route() && !(is_refused(AF_INET) && is_refused(AF_INET6));
}

/* What a host can tell only in part (ot_state_of): it opens no socket. */
static enum ot_status read_state(const struct ot_attempt *attempt, struct ot_state *state)
{
    enum ot_status status = ot_state_of(state, attempt->source, NULL);
    struct ot_state offline;

    if (status == OT_OK && !ot_state_holds_back(state, time(NULL)) &&
        ot_state_read(&offline, attempt->offline, NULL) == OT_OK &&
        offline.failures > 0 && !has_network())
        *state = offline;
    return status;
}

enum ot_status ot_attempt_check_due(struct ot_attempt *attempt, bool *due,
                                    struct ot_error *err)
{
    struct ot_state state;
    bool fresh = false;
    enum ot_status status = check_fresh(attempt, &fresh, err);

    *due = !fresh;
    if (status != OT_OK || fresh || read_state(attempt, &state) != OT_OK)
        return status;
    if (!ot_state_holds_back(&state, time(NULL)))
        return OT_OK;
    *err = state.last;
    return err->status;
}

/* Whether somebody else finished a sync since we began: a new file, or a new time of the
 * same one (its ctime tells two in one second apart). */
static bool was_synced_meanwhile(const struct ot_attempt *attempt)
{
    const struct stat *before = &attempt->before;
    struct stat now;

    if (lstat(attempt->snapshot, &now) != 0)
        return false;
    return !attempt->was_there || now.st_dev != before->st_dev ||
           now.st_ino != before->st_ino || now.st_ctim.tv_sec != before->st_ctim.tv_sec ||
           now.st_ctim.tv_nsec != before->st_ctim.tv_nsec;
}

enum ot_status ot_attempt_check_taken_over(struct ot_attempt *attempt, bool *due,
                                           struct ot_error *err)
{
    struct ot_snapshot *snapshot = NULL;
    enum ot_status status;

    *due = true;
    if (attempt->options->own_listing || !was_synced_meanwhile(attempt))
        return OT_OK;
    status = ot_attempt_open_old(attempt, &snapshot, err);
    if (snapshot == NULL)
        return status;
    if (ot_snapshot_info(snapshot)->limits != attempt->limits) {
        ot_snapshot_unref(snapshot);
        return OT_OK;
    }
    ot_attempt_count_old(attempt, snapshot);
    ot_snapshot_unref(snapshot);
    *due = false;
    return OT_OK;
}

void ot_attempt_read_state(struct ot_attempt *attempt)
{
    ot_file_reap(attempt->state);
    attempt->state_is_bad = ot_state_read(&attempt->was, attempt->state, NULL) != OT_OK;
    attempt->takes_reports = attempt->was.takes_reports;
    attempt->takes_waits = attempt->was.takes_waits;
    attempt->key_ends_at = attempt->was.key_ends_at;
    attempt->key_asked_at = attempt->was.key_asked_at;
}

/* Where the disk takes no file more, what only saves requests has one to give. */
static void write_failure(const struct ot_attempt *attempt, const char *path,
                          const struct ot_state *state)
{
    if (ot_state_write(path, state, NULL) == OT_E_NO_SPACE && access(path, F_OK) != 0 &&
        ot_file_remove(attempt->listing, NULL) == OT_OK)
        ot_state_write(path, state, NULL);
}

void ot_attempt_record_failure(struct ot_attempt *attempt, const struct ot_error *why)
{
    int64_t now = time(NULL), wait, asked = attempt->retry_after_ms / 1000;
    struct ot_state state = attempt->was;
    const char *path = attempt->state;

    if (why->status == OT_E_NETWORK && !has_network()) {
        path = attempt->offline;
        ot_state_read(&state, path, NULL);
    }
    if (state.failures < INT_MAX)
        state.failures++;
    wait = ot_freshness_backoff(state.failures);
    if (asked > OT_RETRY_AFTER_SCHEDULE_MAX_S)
        asked = OT_RETRY_AFTER_SCHEDULE_MAX_S;
    state.attempt_at = now;
    state.retry_at = now + (asked > wait ? asked : wait);
    state.last = *why;
    write_failure(attempt, path, &state);
}

/* Without room for a clean state, none says as much. */
enum ot_status ot_attempt_record_success(const struct ot_attempt *attempt,
                                         struct ot_error *err)
{
    const struct ot_state *was = &attempt->was;
    const struct ot_state clean = {.attempt_at = time(NULL),
                                   .takes_reports = attempt->takes_reports,
                                   .takes_waits = attempt->takes_waits,
                                   .key_ends_at = attempt->key_ends_at,
                                   .key_asked_at = attempt->key_asked_at};
    enum ot_status status;

    if (!attempt->state_is_bad && was->failures == 0 && was->last.status == OT_OK &&
        was->takes_reports == clean.takes_reports &&
        was->takes_waits == clean.takes_waits && was->key_ends_at == clean.key_ends_at &&
        was->key_asked_at == clean.key_asked_at)
        return OT_OK;
    status = ot_state_write(attempt->state, &clean, err);
    if (status == OT_OK || ot_file_remove(attempt->state, NULL) != OT_OK)
        return status;
    ot_error_clear(err);
    return OT_OK;
}
