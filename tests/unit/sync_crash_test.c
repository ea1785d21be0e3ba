/* The disk fills up, the process is killed, memory runs out, everybody comes at once: at
 * every step. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "http/http_request.h"
#include "memory/memory.h"
#include "strike.h"
#include "sync_fixture.h"
#include "unit.h"

WRAP(ssize_t, write, (int fd, const void *data, size_t len), (fd, data, len), -1)
WRAP(int, renameat, (int from, const char *old, int to, const char *name),
     (from, old, to, name), -1)
WRAP(int, mkdirat, (int dir, const char *name, mode_t mode), (dir, name, mode), -1)
WRAP(ssize_t, getrandom, (void *to, size_t len, unsigned flags), (to, len, flags), -1)
WRAP(int, unlinkat, (int dir, const char *name, int flags), (dir, name, flags), -1)
WRAP_FSYNC
WRAP(int, fchmod, (int fd, mode_t mode), (fd, mode), -1)
WRAP(int, futimens, (int fd, const struct timespec times[2]), (fd, times), -1)

WRAP(void *, malloc, (size_t size), (size), NULL)
WRAP(void *, calloc, (size_t count, size_t size), (count, size), NULL)
WRAP(void *, realloc, (void *old, size_t size), (old, size), NULL)
WRAP(char *, strdup, (const char *text), (text), NULL)
WRAP(char *, strndup, (const char *text, size_t len), (text, len), NULL)

/* Whatever it says, the descriptor is gone, as on Linux. */
int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd)
{
    bool fails = strikes("close");
    int saved = errno, result = __real_close(fd);

    errno = fails ? saved : errno;
    return fails ? -1 : result;
}

/* A sync looks at the snapshot before it asks for the lock: from then on it counts as
 * running beside the others. */
static unsigned *count_at_first_look;

int __real_lstat(const char *path, struct stat *st);
int __wrap_lstat(const char *path, struct stat *st);
int __wrap_lstat(const char *path, struct stat *st)
{
    int result = __real_lstat(path, st), saved = errno;

    if (count_at_first_look != NULL)
        __atomic_add_fetch(count_at_first_look, 1, __ATOMIC_SEQ_CST);
    count_at_first_look = NULL;
    errno = saved;
    return result;
}

static void set_up(struct fixture *f)
{
    fixture_init_synced(f);
    fixture_add(f, "cert_c", true);
}

#define OLD "cert_a* cert_b"
#define NEW "cert_a* cert_b cert_c*"

/* From this call on every write of the disk fails: nothing can be recorded either. */
static void fault_38_a_full_disk_keeps_the_snapshot(void)
{
    static const char *const calls[] = {"write", "fsync", "renameat", "getrandom"};
    static const int errors[] = {ENOSPC, EDQUOT};

    for (size_t i = 0; i < 4; i++) {
        for (size_t j = 0; j < 2; j++) {
            struct fixture f;
            struct stat before;

            set_up(&f);
            before = fixture_stat(&f);
            strike_arm(calls[i], 0, errors[j], false);
            CU_ASSERT_EQUAL(fixture_sync(&f), OT_E_NO_SPACE);
            CU_ASSERT(strike_disarm() > 0);
            CU_ASSERT_PTR_NOT_NULL(strstr(f.err.message, f.dir));
            CU_ASSERT_FALSE(f.result.changed);
            CU_ASSERT_EQUAL(fixture_stat(&f).st_ino, before.st_ino);
            CU_ASSERT_EQUAL(fixture_temporaries(&f), 0);
            CU_ASSERT_STRING_EQUAL(fixture_ids(&f), OLD);
            fixture_must_sync(&f);
            CU_ASSERT_STRING_EQUAL(fixture_ids(&f), NEW);
            fixture_clear(&f);
        }
    }
}

/* Every single call fails once, with room for the state behind it. */
static void fault_38_an_error_at_any_call_keeps_the_snapshot(void)
{
    size_t failed = 0;

    for (size_t at = 0;; at++) {
        enum ot_status status;
        struct fixture f;
        size_t count;

        set_up(&f);
        strike_arm(STRIKE_FILES, at, EIO, true);
        status = fixture_sync(&f);
        count = strike_disarm();
        CU_ASSERT_EQUAL(fixture_temporaries(&f), 0);
        if (status != OT_OK) {
            failed++;
            CU_ASSERT_EQUAL(status, OT_E_IO);
            CU_ASSERT_EQUAL(fixture_state(&f).last.status, OT_E_IO);
            /* Only the directory's fsync comes when the new one is in place already. */
            CU_ASSERT(strcmp(fixture_ids(&f), OLD) == 0 ||
                      strstr(f.err.message, "directory") != NULL);
            fixture_must_sync(&f);
            CU_ASSERT_EQUAL(fixture_state(&f).failures, 0);
        }
        CU_ASSERT_STRING_EQUAL(fixture_ids(&f), NEW);
        fixture_clear(&f);
        if (at >= count)
            break;
    }
    CU_ASSERT(failed >= 7); /* create, chmod, write, fsync, close, rename, fsync */
}

static void fault_38_a_clean_state_needs_no_room(void)
{
    struct fixture f;

    set_up(&f);
    strike_arm("write", 0, EIO, true);
    CU_ASSERT_EQUAL(fixture_sync(&f), OT_E_IO);
    strike_disarm();
    CU_ASSERT_EQUAL(fixture_state(&f).failures, 1);
    fake_api_remove(f.api, "cert_c"); /* as before: nothing to write but the state */
    strike_arm("write", 0, ENOSPC, false);
    fixture_must_sync(&f);
    CU_ASSERT(strike_disarm() > 0);
    CU_ASSERT_EQUAL(fixture_state(&f).failures, 0);
    CU_ASSERT(access(f.state, F_OK) != 0);
    fixture_clear(&f);
}

static void nothing_is_written_when_nothing_is_new(void)
{
    static const char *const calls[] = {"write", "fsync", "renameat", "mkdirat",
                                        "unlinkat"};
    struct fixture f;

    set_up(&f);
    fixture_must_sync(&f);
    for (size_t i = 0; i < 5; i++) {
        strike_arm(calls[i], 0, EIO, false);
        fixture_must_sync(&f);
        CU_ASSERT_EQUAL(strike_disarm(), 0);
    }
    /* Not even its time may be set (another user's file): then it is written anew. */
    strike_arm("futimens", 0, EPERM, true);
    fixture_must_sync(&f);
    strike_disarm();
    CU_ASSERT_TRUE(f.result.changed);
    CU_ASSERT_STRING_EQUAL(fixture_ids(&f), NEW);
    fixture_clear(&f);
}

/* Once more from the old organization, whatever the sync before came to. */
static void go_back(struct fixture *f)
{
    fake_api_remove(f->api, "cert_c");
    fixture_must_sync(f);
    CU_ASSERT_STRING_EQUAL(fixture_ids(f), OLD);
    fixture_add(f, "cert_c", true);
}

/* Runs a sync in a child that is killed at the given call; true if it lived to the end,
 * which is that status. */
static bool survives(struct fixture *f, size_t at, enum ot_status end)
{
    pid_t pid;

    fake_api_settle(f->api);
    pid = fork();
    CU_ASSERT_FATAL(pid >= 0);
    if (pid == 0) {
        struct ot_error err = OT_ERROR_INIT;

        strike_arm(STRIKE_FILES, at, 0, true);
        _exit(ot_sync(&f->source, &f->options, &f->result, &err) != end);
    }
    return strike_survives(pid);
}

static void fault_45_killed_at_any_step_it_is_old_or_new(void)
{
    size_t olds = 0, news = 0;
    struct fixture f;

    set_up(&f);
    for (size_t at = 0;; at++) {
        bool lived = survives(&f, at, OT_OK), is_old;

        is_old = strcmp(fixture_ids(&f), OLD) == 0;
        if (!is_old)
            CU_ASSERT_STRING_EQUAL(fixture_ids(&f), NEW);
        olds += is_old;
        news += !is_old;
        if (lived) {
            CU_ASSERT_FALSE(is_old);
            break;
        }
        fixture_must_sync(&f); /* and cleans up after the dead one */
        CU_ASSERT_STRING_EQUAL(fixture_ids(&f), NEW);
        CU_ASSERT_EQUAL(fixture_temporaries(&f), 0);
        go_back(&f);
    }
    CU_ASSERT(olds >= 5);
    CU_ASSERT(news >= 2);
    fixture_clear(&f);
}

/* How many news there are of cert_c from that number on: all are its own. */
static size_t news_from(const struct fixture *f, uint64_t number, struct ot_news *last)
{
    struct ot_memory memory;
    size_t count = 0;

    CU_ASSERT_EQUAL(ot_memory_read(&memory, &f->source, NULL), OT_OK);
    for (size_t i = 0; i < memory.news_count; i++) {
        *last = memory.news[i];
        CU_ASSERT(ot_span_equal(last->id, ot_span_str("cert_c")) ||
                  last->number < number);
        count += last->number >= number;
    }
    ot_memory_clear(&memory);
    return count;
}

static uint64_t next_number(const struct fixture *f)
{
    struct ot_memory head;

    CU_ASSERT_TRUE(ot_memory_read_head(&head, &f->source));
    return head.next.number;
}

static void killed_at_any_step_no_news_is_lost_or_told_twice(void)
{
    struct fixture f;
    bool lived = false;

    set_up(&f);
    for (size_t at = 0; !lived; at++) {
        uint64_t number = next_number(&f);
        struct ot_news news = {0};

        lived = survives(&f, at, OT_OK);
        fixture_must_sync(&f);
        CU_ASSERT_EQUAL(news_from(&f, number, &news), 1);
        CU_ASSERT_EQUAL(news.sign, OT_SIGN_BEGAN);
        fixture_must_sync(&f);
        CU_ASSERT_EQUAL(next_number(&f), number + 1);
        go_back(&f);
        CU_ASSERT_EQUAL(news_from(&f, number, &news), 2);
        CU_ASSERT_EQUAL(news.sign, OT_SIGN_CEASED);
        CU_ASSERT_EQUAL(fixture_temporaries(&f), 0);
    }
    fixture_clear(&f);
}

static void fault_51_any_allocation_may_fail(void)
{
    size_t failed = 0, count = 1;
    struct fixture f;

    set_up(&f);
    for (size_t at = 0; at < count; at++) {
        enum ot_status status;
        bool is_new;

        strike_arm(STRIKE_MEMORY, at, ENOMEM, true);
        status = fixture_sync(&f);
        count = strike_disarm();
        is_new = strcmp(fixture_ids(&f), NEW) == 0;
        if (!is_new)
            CU_ASSERT_STRING_EQUAL(fixture_ids(&f), OLD);
        CU_ASSERT_EQUAL(fixture_temporaries(&f), 0);
        if (status == OT_OK) {
            CU_ASSERT_TRUE(is_new); /* nor is anything quarantined for it */
        } else {
            CU_ASSERT_EQUAL(status, OT_E_NOMEM);
            failed++;
        }
        if (is_new)
            go_back(&f);
    }
    CU_ASSERT(failed > 50);
    fixture_clear(&f);
}

static void fault_45_temporary_files_of_the_dead_are_reaped(void)
{
    static const char *const names[] = {".default.snapshot.a1b2c3.tmp",
                                        ".default.state.Z9Z9Z9.tmp",
                                        ".other.snapshot.a1b2c3.tmp", "my.tmp"};
    struct fixture f;

    set_up(&f);
    for (size_t i = 0; i < 4; i++) {
        char path[600];
        FILE *file;

        snprintf(path, sizeof(path), "%s/%s", f.dir, names[i]);
        file = fopen(path, "w");
        CU_ASSERT_PTR_NOT_NULL_FATAL(file);
        fclose(file);
    }
    CU_ASSERT_EQUAL(fixture_temporaries(&f), 4);
    fixture_must_sync(&f);
    CU_ASSERT_EQUAL(fixture_temporaries(&f), 2); /* those that are not this source's */
    fixture_clear(&f);
}

static void let_one_in(void *arg, struct fake_api *api,
                       const struct fake_request *request, struct fake_answer *answer)
{
    (void)arg;
    (void)api;
    if (!request->is_list && request->nth > 0)
        fake_answer_error(answer, 403, "Enough");
}

/* A sync that fails when it has one of two contents. */
static void set_up_half(struct fixture *f)
{
    static const struct ot_http_tuning one_by_one = {
        .deadline_ms = 60000, .in_flight = 1, .connections = 1};

    set_up(f);
    f->options.tuning = &one_by_one;
    fixture_add(f, "cert_d", true);
    fake_api_on(f->api, let_one_in, NULL);
}

#define MORE NEW " cert_d*"

/* A sync that keeps half of the contents, or the one that begins with what was kept, has
 * each of these calls fail once; the sync after it has all. */
static void fail_each_of(const char *calls, size_t step, int errnum, bool has_kept)
{
    bool is_struck = true;
    size_t at = 0;

    for (; is_struck; at += step) {
        enum ot_status status;
        struct fixture f;

        set_up_half(&f);
        if (has_kept) {
            CU_ASSERT_EQUAL(fixture_sync(&f), OT_E_FORBIDDEN);
            CU_ASSERT_EQUAL(access(f.partial, F_OK), 0);
            fake_api_on(f.api, NULL, NULL);
        }
        strike_arm(calls, at, errnum, true);
        status = fixture_sync(&f);
        is_struck = strike_disarm() > at;
        if (!has_kept) {
            CU_ASSERT(status == OT_E_FORBIDDEN ||
                      (status == OT_E_NOMEM && errnum == ENOMEM));
            CU_ASSERT_STRING_EQUAL(fixture_ids(&f), OLD);
            fake_api_on(f.api, NULL, NULL);
        }
        fixture_must_sync(&f);
        CU_ASSERT_STRING_EQUAL(fixture_ids(&f), MORE);
        CU_ASSERT(access(f.partial, F_OK) != 0);
        fixture_clear(&f);
    }
    CU_ASSERT(at > 5);
}

/* That it cannot be kept, or only in part, changes nothing else. */
static void fault_38_keeping_contents_may_fail_at_any_call(void)
{
    fail_each_of(STRIKE_FILES, 1, ENOSPC, false);
    fail_each_of(STRIKE_MEMORY, 3, ENOMEM, false);
}

/* Nor does it matter where the next attempt fails that begins with what was kept. */
static void fault_51_using_what_was_kept_may_fail_at_any_call(void)
{
    fail_each_of(STRIKE_FILES, 1, EIO, true);
    fail_each_of(STRIKE_MEMORY, 3, ENOMEM, true);
}

static void fault_38_what_was_kept_gives_its_room_to_the_snapshot(void)
{
    struct fixture f;

    set_up_half(&f);
    CU_ASSERT_EQUAL(fixture_sync(&f), OT_E_FORBIDDEN);
    fake_api_on(f.api, NULL, NULL);
    strike_arm("write", 0, ENOSPC, true);
    fixture_must_sync(&f);
    CU_ASSERT(strike_disarm() > 1);
    CU_ASSERT_EQUAL(fake_api_gets(f.api), 1);
    CU_ASSERT_STRING_EQUAL(fixture_ids(&f), MORE);
    CU_ASSERT(access(f.partial, F_OK) != 0);
    fixture_clear(&f);
}

/* Killed while it keeps what it has: the next one gets along with what is there. */
static void fault_45_killed_while_it_keeps_contents(void)
{
    size_t at = 0;
    bool lived;

    do {
        struct fixture f;

        set_up_half(&f);
        lived = survives(&f, at++, OT_E_FORBIDDEN);
        CU_ASSERT_STRING_EQUAL(fixture_ids(&f), OLD);
        fake_api_on(f.api, NULL, NULL);
        fixture_must_sync(&f);
        CU_ASSERT_STRING_EQUAL(fixture_ids(&f), MORE);
        CU_ASSERT(access(f.partial, F_OK) != 0);
        fixture_clear(&f);
    } while (!lived);
    CU_ASSERT(at > 3);
}

enum { CROWD = 200 };

/* What the children and the API's thread share. */
struct shared {
    unsigned go, running, ok, failed, fetched;
};

static void await(const unsigned *value, unsigned expected)
{
    for (int i = 0; i < 60000; i++) {
        if (__atomic_load_n(value, __ATOMIC_SEQ_CST) == expected)
            return;
        usleep(1000);
    }
    fprintf(stderr, "sync_crash: waited for %u in vain\n", expected);
    abort();
}

static void when_all_are_here(void *arg, struct fake_api *api,
                              const struct fake_request *request,
                              struct fake_answer *answer)
{
    const struct shared *shared = arg;

    (void)api;
    (void)answer;
    if (request->is_list && request->nth == 0)
        await(&shared->running, CROWD);
}

static void when_all_are_here_fail(void *arg, struct fake_api *api,
                                   const struct fake_request *request,
                                   struct fake_answer *answer)
{
    when_all_are_here(arg, api, request, answer);
    fake_answer_error(answer, 403, "Not for you");
}

static void run_one(struct fixture *f, struct shared *shared)
{
    struct ot_error err = OT_ERROR_INIT;
    enum ot_status status;

    await(&shared->go, 1);
    count_at_first_look = &shared->running;
    status = ot_sync(&f->source, &f->options, &f->result, &err);
    if (f->result.fetched)
        __atomic_add_fetch(&shared->fetched, 1, __ATOMIC_SEQ_CST);
    if (status == OT_OK)
        __atomic_add_fetch(&shared->ok, 1, __ATOMIC_SEQ_CST);
    else if (status == OT_E_FORBIDDEN && strstr(err.message, "Not for you") != NULL)
        __atomic_add_fetch(&shared->failed, 1, __ATOMIC_SEQ_CST);
    _exit(0);
}

static void run_crowd(struct fixture *f, struct shared *shared, fake_hook *hook)
{
    pid_t pids[CROWD];

    memset(shared, 0, sizeof(*shared));
    fake_api_on(f->api, hook, shared);
    fake_api_settle(f->api);
    for (int i = 0; i < CROWD; i++) {
        pids[i] = fork();
        CU_ASSERT_FATAL(pids[i] >= 0);
        if (pids[i] == 0)
            run_one(f, shared);
    }
    __atomic_store_n(&shared->go, 1, __ATOMIC_SEQ_CST);
    for (int i = 0; i < CROWD; i++) {
        int status = -1;

        waitpid(pids[i], &status, 0);
        CU_ASSERT_EQUAL(status, 0);
    }
    CU_ASSERT_EQUAL(shared->running, CROWD);
}

static struct shared *share(void)
{
    struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
                                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    CU_ASSERT_FATAL((void *)shared != MAP_FAILED);
    return shared;
}

static void fault_44_two_hundred_at_once_make_one_fetch(void)
{
    struct shared *shared = share();
    struct fixture f;

    set_up(&f);
    run_crowd(&f, shared, when_all_are_here);
    CU_ASSERT_EQUAL(shared->ok, CROWD);
    CU_ASSERT_EQUAL(shared->fetched, 1);
    CU_ASSERT_EQUAL(fake_api_lists(f.api), 1);
    CU_ASSERT_EQUAL(fake_api_gets(f.api), 1);
    CU_ASSERT_STRING_EQUAL(fixture_ids(&f), NEW);

    fixture_age(&f, 10000);
    f.options.if_stale = true;
    run_crowd(&f, shared,
              when_all_are_here); /* nothing new this time: only the file's time tells */
    CU_ASSERT_EQUAL(shared->ok, CROWD);
    CU_ASSERT_EQUAL(shared->fetched, 1);
    CU_ASSERT_EQUAL(fake_api_lists(f.api), 1);
    fixture_clear(&f);
    munmap(shared, sizeof(*shared));
}

static void fault_44_two_hundred_at_once_share_a_failure(void)
{
    struct shared *shared = share();
    struct fixture f;

    set_up(&f);
    fixture_age(&f, 10000);
    f.options.if_stale = true;
    run_crowd(&f, shared, when_all_are_here_fail);
    CU_ASSERT_EQUAL(shared->failed, CROWD);
    CU_ASSERT_EQUAL(shared->fetched, 0);
    CU_ASSERT_EQUAL(fake_api_lists(f.api), 1);
    CU_ASSERT_EQUAL(fixture_state(&f).failures, 1);
    fixture_clear(&f);
    munmap(shared, sizeof(*shared));
}

int main(int argc, char **argv)
{
    static const struct unit_case cases[] = {
        {"fault_38_a_full_disk_keeps_the_snapshot",
         fault_38_a_full_disk_keeps_the_snapshot},
        {"fault_38_an_error_at_any_call_keeps_the_snapshot",
         fault_38_an_error_at_any_call_keeps_the_snapshot},
        {"fault_38_a_clean_state_needs_no_room", fault_38_a_clean_state_needs_no_room},
        {"nothing is written when nothing is new",
         nothing_is_written_when_nothing_is_new},
        {"fault_44_two_hundred_at_once_make_one_fetch",
         fault_44_two_hundred_at_once_make_one_fetch},
        {"fault_44_two_hundred_at_once_share_a_failure",
         fault_44_two_hundred_at_once_share_a_failure},
        {"fault_45_killed_at_any_step_it_is_old_or_new",
         fault_45_killed_at_any_step_it_is_old_or_new},
        {"killed_at_any_step_no_news_is_lost_or_told_twice",
         killed_at_any_step_no_news_is_lost_or_told_twice},
        {"fault_51_any_allocation_may_fail", fault_51_any_allocation_may_fail},
        {"fault_38_keeping_contents_may_fail_at_any_call",
         fault_38_keeping_contents_may_fail_at_any_call},
        {"fault_38_what_was_kept_gives_its_room_to_the_snapshot",
         fault_38_what_was_kept_gives_its_room_to_the_snapshot},
        {"fault_45_killed_while_it_keeps_contents",
         fault_45_killed_while_it_keeps_contents},
        {"fault_51_using_what_was_kept_may_fail_at_any_call",
         fault_51_using_what_was_kept_may_fail_at_any_call},
        {"fault_45_temporary_files_of_the_dead_are_reaped",
         fault_45_temporary_files_of_the_dead_are_reaped},
        {NULL, NULL},
    };

    return unit_main("sync_crash", cases, argc, argv);
}
