/* What a sync does when nothing is wrong, when it is due, and what it writes down. */
#include "sync/sync.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "files/file_lock.h"
#include "files/path.h"
#include "http/key.h"
#include "snapshot/record.h"
#include "sync_fixture.h"
#include "unit.h"

static void set_up(struct fixture *f)
{
    fixture_init(f);
    fixture_add(f, "cert_a", true);
    fixture_add(f, "cert_b", false);
    fixture_add(f, "cert_c", true);
}

static void set_up_synced(struct fixture *f)
{
    set_up(f);
    fixture_must_sync(f);
    fake_api_on(f->api, NULL, NULL);
}

static void the_first_sync_makes_a_snapshot(void)
{
    struct fixture f;
    struct ot_snapshot *snapshot;
    struct ot_record record;
    int64_t began = time(NULL);
    struct stat st;

    set_up(&f);
    fixture_must_sync(&f);
    CU_ASSERT_TRUE(f.result.fetched);
    CU_ASSERT_TRUE(f.result.changed);
    CU_ASSERT_EQUAL(f.result.total, 3);
    CU_ASSERT_EQUAL(f.result.active, 2);
    CU_ASSERT_EQUAL(f.result.added, 3);
    CU_ASSERT_EQUAL(f.result.removed + f.result.modified + f.result.quarantined +
                        f.result.warnings,
                    0);
    CU_ASSERT_EQUAL(f.result.http.requests, 4);
    CU_ASSERT_EQUAL(fake_api_lists(f.api), 1);
    CU_ASSERT_EQUAL(fake_api_gets(f.api), 3);
    CU_ASSERT_STRING_EQUAL(fixture_ids(&f), "cert_a* cert_b cert_c*");
    st = fixture_stat(&f);
    CU_ASSERT(st.st_mtime >= began && st.st_mtime <= time(NULL));
    CU_ASSERT_EQUAL(st.st_mode & 07777, 0644);
    CU_ASSERT(access(f.state, F_OK) != 0); /* nothing has failed */

    snapshot = fixture_open(&f);
    CU_ASSERT_TRUE_FATAL(fixture_find(snapshot, "cert_a", &record));
    CU_ASSERT(ot_span_equal(record.field[OT_FIELD_NAME], ot_span_str("name of cert_a")));
    CU_ASSERT_EQUAL(record.flags,
                    OT_RECORD_ACTIVE | OT_RECORD_CA | OT_RECORD_SELF_SIGNED);
    CU_ASSERT_EQUAL(record.created_at, 1700000000);
    CU_ASSERT_PTR_NULL(record.field[OT_FIELD_NOTE].data);
    ot_snapshot_unref(snapshot);
    fixture_clear(&f);
}

static void a_sync_with_nothing_new_only_sets_the_time(void)
{
    struct fixture f;
    struct stat before, after;

    set_up_synced(&f);
    fixture_age(&f, 5000);
    before = fixture_stat(&f);
    fixture_must_sync(&f);
    after = fixture_stat(&f);
    CU_ASSERT_TRUE(f.result.fetched);
    CU_ASSERT_FALSE(f.result.changed);
    CU_ASSERT_EQUAL(f.result.total, 3);
    CU_ASSERT_EQUAL(f.result.active, 2);
    CU_ASSERT_EQUAL(before.st_ino, after.st_ino);
    CU_ASSERT(after.st_mtime >= before.st_mtime + 5000);
    CU_ASSERT_EQUAL(fake_api_lists(f.api), 1);
    CU_ASSERT_EQUAL(fake_api_gets(f.api), 0);
    fixture_clear(&f);
}

static void a_changed_name_or_state_needs_no_content(void)
{
    struct fixture f;
    struct ot_snapshot *snapshot;
    struct ot_record record;

    set_up_synced(&f);
    fake_api_set(f.api, "cert_a", "renamed", true);
    fake_api_set(f.api, "cert_b", NULL, true);
    fixture_must_sync(&f);
    CU_ASSERT_TRUE(f.result.changed);
    CU_ASSERT_EQUAL(f.result.modified, 2);
    CU_ASSERT_EQUAL(f.result.added + f.result.removed, 0);
    CU_ASSERT_EQUAL(f.result.active, 3);
    CU_ASSERT_EQUAL(fake_api_gets(f.api), 0);
    CU_ASSERT_STRING_EQUAL(fixture_ids(&f), "cert_a* cert_b* cert_c*");
    snapshot = fixture_open(&f);
    CU_ASSERT_TRUE_FATAL(fixture_find(snapshot, "cert_a", &record));
    CU_ASSERT(ot_span_equal(record.field[OT_FIELD_NAME], ot_span_str("renamed")));
    CU_ASSERT_TRUE_FATAL(fixture_find(snapshot, "cert_b", &record));
    CU_ASSERT_PTR_NULL(record.field[OT_FIELD_NAME].data);
    ot_snapshot_unref(snapshot);

    fake_api_set_created_at(f.api, "cert_c", 1);
    fixture_must_sync(&f);
    CU_ASSERT_EQUAL(f.result.modified, 1);
    snapshot = fixture_open(&f);
    CU_ASSERT_TRUE_FATAL(fixture_find(snapshot, "cert_c", &record));
    CU_ASSERT_EQUAL(record.created_at, 1);
    ot_snapshot_unref(snapshot);
    fixture_clear(&f);
}

static void what_is_deleted_goes_and_only_the_new_is_fetched(void)
{
    struct fixture f;

    set_up_synced(&f);
    fake_api_remove(f.api, "cert_a");
    fixture_add(&f, "cert_d", false);
    fixture_must_sync(&f);
    CU_ASSERT_EQUAL(f.result.added, 1);
    CU_ASSERT_EQUAL(f.result.removed, 1);
    CU_ASSERT_EQUAL(f.result.modified, 0);
    CU_ASSERT_EQUAL(fake_api_gets(f.api), 1);
    CU_ASSERT_STRING_EQUAL(fixture_ids(&f), "cert_b cert_c* cert_d");
    fixture_clear(&f);
}

struct seen {
    size_t lists, gets, last_done, last_total;
};

static void watch(void *arg, const char *phase, size_t done, size_t total)
{
    struct seen *seen = arg;

    if (strcmp(phase, "list") == 0) {
        seen->lists++;
        CU_ASSERT_EQUAL(total, 0);
    } else {
        CU_ASSERT_STRING_EQUAL(phase, "get");
        CU_ASSERT_EQUAL(done, seen->last_done + 1);
        seen->gets++;
        seen->last_done = done;
        seen->last_total = total;
    }
}

static void many_pages_and_contents_arrive_once(void)
{
    struct fixture f;
    struct seen seen = {0};

    fixture_init(&f);
    fixture_add_many(&f, 250);
    f.options.progress = watch;
    f.options.arg = &seen;
    fixture_must_sync(&f);
    CU_ASSERT_EQUAL(f.result.total, 250);
    CU_ASSERT_EQUAL(f.result.active, 125);
    CU_ASSERT_EQUAL(fake_api_lists(f.api), 3);
    CU_ASSERT_EQUAL(fake_api_gets(f.api), 250);
    CU_ASSERT_EQUAL(seen.lists, 3);
    CU_ASSERT_EQUAL(seen.gets, 250);
    CU_ASSERT_EQUAL(seen.last_total, 250);
    fake_api_on(f.api, NULL, NULL);
    fixture_must_sync(&f);
    CU_ASSERT_FALSE(f.result.changed);
    CU_ASSERT_EQUAL(f.result.http.requests, 3);
    CU_ASSERT_EQUAL(fake_api_lists(f.api), 3);
    CU_ASSERT_EQUAL(fake_api_gets(f.api), 0);
    fixture_clear(&f);
}

/* How many contents had been asked for when each page was. */
static void note_gets(void *arg, struct fake_api *api, const struct fake_request *request,
                      struct fake_answer *answer)
{
    size_t *gets = arg;

    (void)api;
    (void)answer;
    if (!request->is_list)
        gets[3]++;
    else if (request->nth < 3)
        gets[request->nth] = gets[3];
}

static void contents_arrive_while_the_list_goes_on(void)
{
    struct fixture f;
    size_t gets[4] = {0};

    fixture_init(&f);
    fixture_add_many(&f, 250);
    fake_api_on(f.api, note_gets, gets);
    fixture_must_sync(&f);
    CU_ASSERT_EQUAL(f.result.total, 250);
    CU_ASSERT_EQUAL(fake_api_lists(f.api), 3);
    CU_ASSERT_EQUAL(gets[3], 250);
    CU_ASSERT_EQUAL(gets[0], 0);
    CU_ASSERT(gets[2] > 0); /* those of the first page, at the latest */
    fixture_clear(&f);
}

static void an_empty_organization_has_a_snapshot_too(void)
{
    struct fixture f;

    fixture_init(&f);
    fixture_must_sync(&f);
    CU_ASSERT_STRING_EQUAL(fixture_ids(&f), "");
    CU_ASSERT_TRUE(f.result.changed);
    fixture_must_sync(&f);
    CU_ASSERT_FALSE(f.result.changed);
    fixture_clear(&f);
}

static void if_stale_leaves_a_fresh_snapshot_alone(void)
{
    struct fixture f;

    set_up_synced(&f);
    f.options.if_stale = true;
    fixture_must_sync(&f);
    CU_ASSERT_FALSE(f.result.fetched);
    CU_ASSERT_EQUAL(f.result.total, 3);
    CU_ASSERT_EQUAL(f.result.active, 2);
    CU_ASSERT_EQUAL(fake_api_lists(f.api), 0);
    fixture_age(&f, 901);
    fixture_must_sync(&f);
    CU_ASSERT_TRUE(f.result.fetched);
    CU_ASSERT_EQUAL(fake_api_lists(f.api), 1);
    fixture_clear(&f);
}

static void fault_36_a_snapshot_from_the_future_is_stale(void)
{
    struct fixture f;

    set_up_synced(&f);
    f.options.if_stale = true;
    fixture_age(&f, -3600);
    fixture_must_sync(&f);
    CU_ASSERT_TRUE(f.result.fetched);
    CU_ASSERT(fixture_stat(&f).st_mtime <= time(NULL));
    fixture_clear(&f);
}

static void unauthorized(void *arg, struct fake_api *api,
                         const struct fake_request *request, struct fake_answer *answer)
{
    (void)arg;
    (void)api;
    (void)request;
    fake_answer_error(answer, 401, "Bad key");
}

static void failures_are_written_down_and_success_clears_them(void)
{
    struct fixture f;
    struct ot_state state;

    set_up_synced(&f);
    fake_api_on(f.api, unauthorized, NULL);
    fixture_must_keep(&f, OT_E_AUTH, "Bad key");
    fixture_must_keep(&f, OT_E_AUTH, "Bad key");
    state = fixture_state(&f);
    CU_ASSERT_EQUAL(state.failures, 2);
    CU_ASSERT_EQUAL(state.retry_at - state.attempt_at, 2 * OT_BACKOFF_FIRST_S);
    CU_ASSERT_EQUAL(strncmp(state.last.message, "source", 6) == 0, false);

    fake_api_on(f.api, NULL, NULL);
    fixture_must_sync(&f);
    state = fixture_state(&f);
    CU_ASSERT_EQUAL(state.failures, 0);
    CU_ASSERT_EQUAL(state.retry_at, 0);
    CU_ASSERT_EQUAL(state.last.status, OT_OK);
    CU_ASSERT_STRING_EQUAL(state.last.message, "");
    CU_ASSERT(state.attempt_at > 0);
    fixture_clear(&f);
}

/* Somebody's mistyped key must not keep the machine from syncing with its own. */
static void a_refused_key_that_was_given_is_no_failure_of_the_source(void)
{
    struct ot_key key = {.secret = (char *)"sk-admin-typo", .len = 13, .origin = "test"};
    struct fixture f;

    set_up_synced(&f);
    fake_api_on(f.api, unauthorized, NULL);
    f.options.key = &key;
    CU_ASSERT_EQUAL(fixture_sync(&f), OT_E_AUTH);
    CU_ASSERT_EQUAL(fixture_state(&f).failures, 0);
    CU_ASSERT_EQUAL(fixture_state(&f).last.status, OT_OK);
    f.options.key = NULL;
    fixture_must_keep(&f, OT_E_AUTH, "Bad key");
    fixture_clear(&f);
}

static void an_unreadable_state_is_replaced_by_a_success(void)
{
    struct fixture f;
    FILE *file;

    set_up_synced(&f);
    file = fopen(f.state, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs("what is this\n", file);
    fclose(file);
    fixture_must_sync(&f);
    CU_ASSERT_EQUAL(fixture_state(&f).failures, 0);
    fixture_clear(&f);
}

static void if_stale_waits_out_the_back_off(void)
{
    struct fixture f;
    struct ot_state state;
    char text[OT_STATE_BYTES_MAX];
    FILE *file;

    set_up_synced(&f);
    fake_api_on(f.api, unauthorized, NULL);
    fixture_must_keep(&f, OT_E_AUTH, "Bad key");
    f.options.if_stale = true;
    fixture_age(&f, 10000);
    fake_api_on(f.api, NULL, NULL);
    CU_ASSERT_EQUAL(fixture_sync(&f), OT_E_AUTH);
    CU_ASSERT_PTR_NOT_NULL(strstr(f.err.message, "Bad key"));
    CU_ASSERT_EQUAL(fake_api_lists(f.api), 0);
    CU_ASSERT_EQUAL(fixture_state(&f).failures, 1);

    /* Row 36: written by a clock that was ahead, it holds nobody back. */
    state = fixture_state(&f);
    state.attempt_at += 100000;
    state.retry_at += 100000;
    ot_state_format(&state, text, sizeof(text));
    file = fopen(f.state, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(text, file);
    fclose(file);
    fixture_must_sync(&f);
    CU_ASSERT_TRUE(f.result.fetched);
    CU_ASSERT_EQUAL(fixture_state(&f).failures, 0);
    fixture_clear(&f);
}

static void too_many(void *arg, struct fake_api *api, const struct fake_request *request,
                     struct fake_answer *answer)
{
    (void)api;
    (void)request;
    fake_answer_error(answer, 429, "Slow down");
    answer->headers = arg;
}

static void fault_24_retry_after_decides_when_it_is_tried_again(void)
{
    static char two_hours[] = "Retry-After: 7200\r\n",
                years[] = "Retry-After: 999999999\r\n";
    struct fixture f;
    struct ot_state state;

    set_up_synced(&f);
    fake_api_on(f.api, too_many, two_hours);
    fixture_must_keep(&f, OT_E_RATE, "Slow down");
    state = fixture_state(&f);
    CU_ASSERT_EQUAL(state.retry_at - state.attempt_at, 7200);
    CU_ASSERT_EQUAL(fake_api_lists(f.api), 1); /* not asked again within this sync */
    fake_api_on(f.api, too_many, years);
    fixture_must_keep(&f, OT_E_RATE, "Slow down");
    state = fixture_state(&f);
    CU_ASSERT_EQUAL(state.retry_at - state.attempt_at, OT_RETRY_AFTER_SCHEDULE_MAX_S);
    fixture_clear(&f);
}

static void an_unusable_key_is_a_recorded_failure(void)
{
    struct fixture f;
    const char *path = unit_path("open.key");
    FILE *file = fopen(path, "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs("secret-key\n", file);
    fclose(file);
    CU_ASSERT_EQUAL(chmod(path, 0644), 0);
    set_up_synced(&f);
    f.source.admin_key_file = (char *)(uintptr_t)path;
    fixture_must_keep(&f, OT_E_UNSAFE, path);
    CU_ASSERT_PTR_NULL(strstr(f.err.message, "secret"));
    CU_ASSERT_EQUAL(fake_api_lists(f.api), 0);
    CU_ASSERT_EQUAL(chmod(path, 0600), 0);
    fixture_must_sync(&f);
    fixture_clear(&f);
}

static volatile int stop;

/* As a signal handler would while the list arrives. */
static void raise_stop(void *arg, const char *phase, size_t done, size_t total)
{
    (void)arg;
    (void)done;
    (void)total;
    if (strcmp(phase, "list") == 0)
        stop = 1;
}

static void an_interrupted_sync_changes_nothing(void)
{
    struct fixture f;
    struct stat before;

    set_up_synced(&f);
    before = fixture_stat(&f);
    fixture_add(&f, "cert_d", true);
    f.options.stop = &stop;
    f.options.progress = raise_stop;
    CU_ASSERT_EQUAL(fixture_sync(&f), OT_E_INTERRUPTED);
    CU_ASSERT_EQUAL(fixture_stat(&f).st_ino, before.st_ino);
    CU_ASSERT(access(f.state, F_OK) != 0); /* nobody's failure */
    CU_ASSERT_EQUAL(fixture_sync(&f), OT_E_INTERRUPTED);
    CU_ASSERT_EQUAL(fake_api_lists(f.api), 1); /* the second did not even begin */
    CU_ASSERT_EQUAL(fake_api_gets(f.api), 0);
    stop = 0;
    f.options.progress = NULL;
    fixture_must_sync(&f);
    CU_ASSERT_EQUAL(f.result.added, 1);
    fixture_clear(&f);
}

/* Holds the lock for a while and, before letting go, does as another sync would. */
static pid_t another_sync(struct fixture *f, bool succeeds)
{
    int fd, pipes[2];
    bool waited;
    char byte;
    pid_t pid;

    CU_ASSERT_EQUAL_FATAL(pipe(pipes), 0);
    fake_api_settle(f->api);
    pid = fork();
    CU_ASSERT_FATAL(pid >= 0);
    if (pid == 0) {
        if (ot_file_lock_take(&fd, f->lock, 0, &waited, NULL) != OT_OK ||
            write(pipes[1], "x", 1) != 1)
            _exit(1);
        usleep(200000);
        if (succeeds)
            utimensat(AT_FDCWD, f->snapshot, NULL, 0);
        _exit(0);
    }
    close(pipes[1]);
    CU_ASSERT_EQUAL(read(pipes[0], &byte, 1), 1);
    close(pipes[0]);
    return pid;
}

static void fault_44_a_loser_takes_over_the_winners_result(void)
{
    struct fixture f;

    set_up_synced(&f);
    pid_t pid = another_sync(&f, true);
    fixture_must_sync(&f);
    waitpid(pid, NULL, 0);
    CU_ASSERT_FALSE(f.result.fetched);
    CU_ASSERT_EQUAL(f.result.total, 3);
    CU_ASSERT_EQUAL(fake_api_lists(f.api), 0);

    pid = another_sync(&f, true);
    f.options.own_listing = true;
    fixture_must_sync(&f);
    waitpid(pid, NULL, 0);
    CU_ASSERT_TRUE(f.result.fetched);
    CU_ASSERT_EQUAL(fake_api_lists(f.api), 1);

    pid = another_sync(&f, false); /* it died without a result */
    f.options.own_listing = false;
    fixture_must_sync(&f);
    waitpid(pid, NULL, 0);
    CU_ASSERT_TRUE(f.result.fetched);
    CU_ASSERT_EQUAL(fake_api_lists(f.api), 2);
    fixture_clear(&f);
}

int main(int argc, char **argv)
{
    static const struct unit_case cases[] = {
        {"the first sync makes a snapshot", the_first_sync_makes_a_snapshot},
        {"a sync with nothing new only sets the time",
         a_sync_with_nothing_new_only_sets_the_time},
        {"a changed name or state needs no content",
         a_changed_name_or_state_needs_no_content},
        {"what is deleted goes and only the new is fetched",
         what_is_deleted_goes_and_only_the_new_is_fetched},
        {"many pages and contents arrive once", many_pages_and_contents_arrive_once},
        {"contents arrive while the list goes on",
         contents_arrive_while_the_list_goes_on},
        {"an empty organization has a snapshot too",
         an_empty_organization_has_a_snapshot_too},
        {"if_stale leaves a fresh snapshot alone",
         if_stale_leaves_a_fresh_snapshot_alone},
        {"fault_36_a_snapshot_from_the_future_is_stale",
         fault_36_a_snapshot_from_the_future_is_stale},
        {"failures are written down and success clears them",
         failures_are_written_down_and_success_clears_them},
        {"a_refused_key_that_was_given_is_no_failure_of_the_source",
         a_refused_key_that_was_given_is_no_failure_of_the_source},
        {"an unreadable state is replaced by a success",
         an_unreadable_state_is_replaced_by_a_success},
        {"if_stale waits out the back-off", if_stale_waits_out_the_back_off},
        {"fault_24_retry_after_decides_when_it_is_tried_again",
         fault_24_retry_after_decides_when_it_is_tried_again},
        {"an unusable key is a recorded failure", an_unusable_key_is_a_recorded_failure},
        {"an interrupted sync changes nothing", an_interrupted_sync_changes_nothing},
        {"fault_44_a_loser_takes_over_the_winner's_result",
         fault_44_a_loser_takes_over_the_winners_result},
        {NULL, NULL},
    };

    return unit_main("sync", cases, argc, argv);
}
