#include "cache/cache.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cache_fixture.h"
#include "child.h"
#include "config/source.h"
#include "config/source_path.h"
#include "files.h"
#include "snapshot/record.h"
#include "snapshot/snapshot.h"
#include "snapshots.h"
#include "sync/snapshot_write.h"
#include "unit.h"

static struct ot_cache *fresh_cache(void)
{
    struct ot_cache *cache = NULL;

    fixture_reset();
    CU_ASSERT_EQUAL_FATAL(ot_cache_new(&cache, &fixture_source, NULL), OT_OK);
    return cache;
}

static void expect_words(const char *words)
{
    if (strstr(fixture_err.message, words) == NULL)
        fprintf(stderr, "\n  not '%s' in: %s\n", words, fixture_err.message);
    CU_ASSERT_PTR_NOT_NULL(strstr(fixture_err.message, words));
}

static void an_unchanged_file_stays_mapped(void)
{
    struct ot_cache *cache = fresh_cache();
    struct ot_snapshot *a, *b;

    CU_ASSERT_PTR_EQUAL(ot_cache_source(cache), &fixture_source);
    fixture_write(fixture_snapshot, 3, 0);
    CU_ASSERT_EQUAL(ot_cache_get(cache, 0, &a, NULL), OT_OK);
    fixture_age(fixture_snapshot, 10);
    CU_ASSERT_EQUAL(ot_cache_get(cache, 0, &b, NULL), OT_OK);
    CU_ASSERT_PTR_EQUAL(a, b);
    ot_cache_free(cache);
    CU_ASSERT_EQUAL(fixture_read_all(a), 3); /* what was given out lives on */
    ot_snapshot_unref(a);
    ot_snapshot_unref(b);
    ot_cache_free(NULL);
}

static void nothing_yet_says_what_to_run(void)
{
    struct ot_cache *cache = fresh_cache();

    CU_ASSERT_EQUAL(fixture_get(cache, 0, OT_E_NO_SNAPSHOT), 0);
    expect_words("no snapshot of source 'corp' yet; run 'orgtrust sync --source corp'");
    fixture_write_state(fixture_state, "no route; \"host\"", 0, 60);
    fixture_get(cache, 0, OT_E_NO_SNAPSHOT);
    expect_words("yet: the last sync failed: no route; \"host\"; run 'orgtrust sync");
    ot_cache_free(cache);
    fixture_source.name = (char *)"default";
    cache = fresh_cache();
    fixture_get(cache, 0, OT_E_NO_SNAPSHOT);
    expect_words("run 'orgtrust sync'");
    CU_ASSERT_EQUAL(ot_cache_get(cache, 0, &(struct ot_snapshot *){NULL}, NULL),
                    OT_E_NO_SNAPSHOT);
    ot_cache_free(cache);
    fixture_source.name = (char *)"corp";
    CU_ASSERT_EQUAL(fixture_syncs(0), 0);
}

static void fault_36_a_snapshot_from_the_future_is_stale_not_fresh(void)
{
    struct ot_cache *cache = fresh_cache();

    fixture_write(fixture_snapshot, 2, -86400);
    CU_ASSERT_EQUAL(fixture_get(cache, OT_CACHE_REFRESH, OT_OK), 2);
    CU_ASSERT_EQUAL(fixture_syncs(1), 1);
    ot_cache_free(cache);
}

static void fault_36_one_from_1970_has_expired(void)
{
    struct ot_cache *cache = fresh_cache();

    fixture_write(fixture_snapshot, 2, time(NULL));
    fixture_get(cache, 0, OT_E_EXPIRED);
    expect_words("max_stale");
    fixture_source.max_stale_s = OT_NEVER;
    CU_ASSERT_EQUAL(fixture_get(cache, 0, OT_OK), 2);
    fixture_source.max_stale_s = 7 * 86400;
    ot_cache_free(cache);
}

static void an_expired_one_is_not_handed_out_though_mapped(void)
{
    struct ot_cache *cache = fresh_cache();

    fixture_write(fixture_snapshot, 2, 0);
    CU_ASSERT_EQUAL(fixture_get(cache, 0, OT_OK), 2);
    fixture_age(fixture_snapshot, 7 * 86400 + 5);
    fixture_get(cache, 0, OT_E_EXPIRED);
    expect_words("run 'orgtrust sync --source corp'");
    expect_words("last confirmed 7 days ago");
    fixture_source.max_stale_s = 30;
    fixture_age(fixture_snapshot, 600);
    fixture_get(cache, 0, OT_E_EXPIRED);
    expect_words("last confirmed 10 min ago");
    fixture_source.max_stale_s = 7 * 86400;
    fixture_age(fixture_snapshot, 60);
    CU_ASSERT_EQUAL(fixture_get(cache, 0, OT_OK), 2);
    fixture_age(fixture_snapshot, 7 * 86400 + 5); /* gone, and too old when last seen */
    fixture_get(cache, 0, OT_E_EXPIRED);
    unlink(fixture_snapshot);
    fixture_get(cache, 0, OT_E_NO_SNAPSHOT);
    ot_cache_free(cache);
}

static void fault_39_what_is_mapped_outlives_its_directory(void)
{
    struct ot_cache *cache = fresh_cache();

    fixture_write(fixture_snapshot, 2, 0);
    CU_ASSERT_EQUAL(fixture_get(cache, 0, OT_OK), 2);
    CU_ASSERT_EQUAL(unlink(fixture_snapshot), 0);
    CU_ASSERT_EQUAL(rmdir(fixture_source.cache_dir), 0);
    CU_ASSERT_EQUAL(fixture_get(cache, 0, OT_OK), 2);
    ot_cache_free(cache);
    CU_ASSERT_EQUAL_FATAL(ot_cache_new(&cache, &fixture_source, NULL), OT_OK);
    fixture_get(cache, 0, OT_E_NO_SNAPSHOT);
    ot_cache_free(cache);
}

static void fault_39_a_read_only_cache_is_served(void)
{
    struct ot_cache *cache = fresh_cache();
    int status;
    pid_t pid;

    if (geteuid() != 0) {
        fprintf(stderr, "\n  NOT TESTED: another user's cache (needs root)\n");
        ot_cache_free(cache);
        return;
    }
    fixture_write(fixture_snapshot, 2, 3600);
    CU_ASSERT_EQUAL(chmod(unit_dir(), 0711) | chmod(fixture_source.cache_dir, 0755), 0);
    pid = fork();
    if (pid == 0) {
        struct ot_snapshot *snapshot = NULL;

        child_leave(setuid(65534) == 0 &&
                    ot_cache_get(cache, OT_CACHE_REFRESH | OT_CACHE_WAIT, &snapshot,
                                 NULL) == OT_OK &&
                    fixture_read_all(snapshot) == 2);
    }
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT_EQUAL(status, 0);
    CU_ASSERT_EQUAL(fixture_syncs(0), 0);
    CU_ASSERT_EQUAL(chmod(unit_dir(), 0700), 0);
    ot_cache_free(cache);
}

static void fault_40_links_and_fifos_are_refused(void)
{
    struct ot_cache *cache = fresh_cache();

    fixture_write(fixture_spare, 2, 0);
    CU_ASSERT_EQUAL(symlink(fixture_spare, fixture_snapshot), 0);
    fixture_get(cache, OT_CACHE_REFRESH | OT_CACHE_WAIT, OT_E_UNSAFE);
    expect_words("symbolic link");
    CU_ASSERT_EQUAL(rename(fixture_spare, fixture_snapshot), 0);
    CU_ASSERT_EQUAL(fixture_get(cache, 0, OT_OK), 2);
    CU_ASSERT_EQUAL(unlink(fixture_snapshot) | mkfifo(fixture_snapshot, 0600), 0);
    CU_ASSERT_EQUAL(fixture_get(cache, 0, OT_OK), 2); /* the earlier one */
    ot_cache_free(cache);
    CU_ASSERT_EQUAL_FATAL(ot_cache_new(&cache, &fixture_source, NULL), OT_OK);
    fixture_get(cache, OT_CACHE_WAIT, OT_E_UNSAFE);
    ot_cache_free(cache);
    CU_ASSERT_EQUAL(fixture_syncs(0), 0); /* a sync would not mend it */
}

static void fault_41_a_file_opened_to_others_is_dropped(void)
{
    struct ot_cache *cache = fresh_cache();

    fixture_write(fixture_snapshot, 2, 0);
    CU_ASSERT_EQUAL(fixture_get(cache, 0, OT_OK), 2);
    CU_ASSERT_EQUAL(chmod(fixture_snapshot, 0666), 0);
    fixture_get(cache, 0, OT_E_UNSAFE); /* also the mapping: it is the same file */
    expect_words("chmod go-w");
    CU_ASSERT_EQUAL(chmod(fixture_snapshot, 0644), 0);
    CU_ASSERT_EQUAL(fixture_get(cache, 0, OT_OK), 2);
    fixture_write(fixture_spare, 3, 0);
    CU_ASSERT_EQUAL(chmod(fixture_spare, 0666), 0);
    CU_ASSERT_EQUAL(rename(fixture_spare, fixture_snapshot), 0);
    CU_ASSERT_EQUAL(fixture_get(cache, 0, OT_OK),
                    2); /* another file: the earlier stays */
    ot_cache_free(cache);
}

static void fault_42_damage_is_not_served_and_heals(void)
{
    struct ot_cache *cache = fresh_cache();

    file_put(fixture_snapshot, "not a snapshot", 14, 0600);
    fixture_get(cache, 0, OT_E_CORRUPT);
    expect_words("run 'orgtrust sync --source corp'");
    fixture_write(fixture_spare, 2, 0);
    fixture_sync_does(fixture_spare, fixture_snapshot, 0);
    CU_ASSERT_EQUAL(fixture_get(cache, OT_CACHE_WAIT, OT_OK), 2);
    CU_ASSERT_EQUAL(fixture_syncs(1), 1);
    fixture_write(fixture_spare, 3, 0);
    CU_ASSERT_EQUAL(truncate(fixture_spare, 4000), 0);
    CU_ASSERT_EQUAL(rename(fixture_spare, fixture_snapshot), 0);
    CU_ASSERT_EQUAL(fixture_get(cache, 0, OT_OK), 2); /* the earlier one stays */
    fixture_write(fixture_snapshot, 3, 0);
    CU_ASSERT_EQUAL(fixture_get(cache, 0, OT_OK), 3);
    ot_cache_free(cache);
}

static void copy_over(const char *from, const char *to)
{
    static unsigned char bytes[1 << 20];
    FILE *file = fopen(from, "rb");

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    file_put(to, bytes, fread(bytes, 1, sizeof(bytes), file), 0644);
    fclose(file);
}

/* Not by us: a copy over it, or what a full disk left of one. Reading what is no longer
 * there would end the process. */
static void fault_42_a_file_that_is_cut_off_is_dropped(void)
{
    struct ot_cache *cache = fresh_cache();

    fixture_write(fixture_snapshot, 4, 0);
    CU_ASSERT_EQUAL(fixture_get(cache, 0, OT_OK), 4);
    CU_ASSERT_EQUAL(truncate(fixture_snapshot, 0), 0);
    CU_ASSERT_EQUAL(fixture_get(cache, 0, OT_E_CORRUPT), 0);
    CU_ASSERT_PTR_NULL(ot_cache_known(cache));
    CU_ASSERT_EQUAL(fixture_get(cache, 0, OT_E_CORRUPT), 0);
    fixture_write(fixture_spare, 3, 0);
    copy_over(fixture_spare, fixture_snapshot);
    CU_ASSERT_EQUAL(fixture_get(cache, 0, OT_OK), 3);
    fixture_write(fixture_spare, 4, 0);
    copy_over(fixture_spare, fixture_snapshot);
    CU_ASSERT_EQUAL(fixture_get(cache, 0, OT_OK), 4);
    fixture_write(fixture_snapshot, 2, 0);
    CU_ASSERT_EQUAL(fixture_get(cache, 0, OT_OK), 2);
    ot_cache_free(cache);
}

#define SWAPPED 8

/* Of the same certificates as another letter's, with ids of their own, so that it is as
 * long. */
static void write_letter(const char *path, char letter)
{
    static struct snapshot_builder builder;
    char *scope = ot_source_scope(&fixture_source);

    while (builder.count < SWAPPED)
        snapshot_builder_add_ca(&builder, "Swapped", (long)builder.count + 1,
                                OT_RECORD_ACTIVE);
    for (size_t i = 0; i < SWAPPED; i++)
        builder.texts[2 * i][0] = letter;
    CU_ASSERT_EQUAL_FATAL(ot_snapshot_write(path, scope, 0, builder.records,
                                            builder.count, time(NULL) - 60, NULL),
                          OT_OK);
    free(scope);
}

/* How many of a letter's are found. */
static unsigned find_letter(struct ot_cache *cache, char letter)
{
    struct ot_snapshot *snapshot = NULL;
    unsigned n = 0;

    CU_ASSERT_EQUAL_FATAL(ot_cache_get(cache, 0, &snapshot, NULL), OT_OK);
    for (int i = 0; i < SWAPPED; i++) {
        struct ot_record record;
        char id[16];
        bool found = false;

        snprintf(id, sizeof(id), "%cert_%d", letter, i);
        n += ot_snapshot_find_id(snapshot, ot_span_str(id), &record, &found, NULL) ==
                 OT_OK &&
             found;
    }
    ot_snapshot_unref(snapshot);
    return n;
}

/* Not by us: a copy over it that is as long. What was read of the former one is not
 * believed of this one. */
static void fault_42_a_file_that_is_written_over_is_read_anew(void)
{
    struct ot_cache *cache = fresh_cache();
    struct stat before, after;

    write_letter(fixture_snapshot, 'a');
    CU_ASSERT_EQUAL(find_letter(cache, 'a'), SWAPPED);
    CU_ASSERT_EQUAL(stat(fixture_snapshot, &before), 0);
    write_letter(fixture_spare, 'b');
    usleep(20000); /* times of files go on in steps */
    copy_over(fixture_spare, fixture_snapshot);
    CU_ASSERT_EQUAL(stat(fixture_snapshot, &after), 0);
    CU_ASSERT_TRUE(before.st_size == after.st_size && before.st_ino == after.st_ino);
    CU_ASSERT_EQUAL(find_letter(cache, 'a'), 0);
    CU_ASSERT_EQUAL(find_letter(cache, 'b'), SWAPPED);
    fixture_age(fixture_snapshot, 30); /* as a sync that found nothing new: no new file */
    CU_ASSERT_EQUAL(find_letter(cache, 'b'), SWAPPED);
    ot_cache_free(cache);
}

static void fault_84_another_scope_is_none_of_this_source(void)
{
    struct ot_cache *cache = fresh_cache();

    fixture_write_scope(fixture_snapshot, "https://other/v1 organization", 2, 0);
    fixture_get(cache, 0, OT_E_SCOPE);
    expect_words("the snapshot is of the organization of https://other/v1, the "
                 "configuration says");
    expect_words("; run 'orgtrust sync --source corp'");
    fixture_write(fixture_spare, 3, 0);
    fixture_sync_does(fixture_spare, fixture_snapshot, 0);
    CU_ASSERT_EQUAL(fixture_get(cache, OT_CACHE_WAIT, OT_OK), 3);
    CU_ASSERT_EQUAL(fixture_syncs(1), 1);
    /* What was mapped before stays in use, and a sync is started. */
    fixture_write_scope(fixture_snapshot, "https://other/v1 organization", 2, 0);
    CU_ASSERT_EQUAL(fixture_get(cache, 0, OT_OK), 3);
    ot_cache_free(cache);
}

static void fault_43_readers_keep_what_they_began_with(void)
{
    struct ot_cache *cache = fresh_cache();
    struct ot_snapshot *old;

    fixture_write(fixture_snapshot, 2, 0);
    CU_ASSERT_EQUAL(ot_cache_get(cache, 0, &old, NULL), OT_OK);
    fixture_write(fixture_snapshot, 4, 0);
    CU_ASSERT_EQUAL(fixture_get(cache, 0, OT_OK), 4);
    CU_ASSERT_EQUAL(unlink(fixture_snapshot), 0);
    CU_ASSERT_EQUAL(fixture_read_all(old), 2);
    ot_snapshot_unref(old);
    ot_cache_free(cache);
}

static void stale_is_answered_at_once_and_refreshed_behind(void)
{
    struct ot_cache *cache = fresh_cache();
    unsigned n = 2;
    int i;

    fixture_write(fixture_snapshot, 2, 901);
    fixture_write(fixture_spare, 3, 0);
    fixture_sync_does(fixture_spare, fixture_snapshot, 100);
    CU_ASSERT_EQUAL(fixture_get(cache, 0, OT_OK), 2);
    CU_ASSERT_EQUAL(fixture_syncs(0), 0); /* not without the flag */
    for (i = 0; i < 500 && n == 2; i++, usleep(10000))
        n = fixture_get(cache, OT_CACHE_REFRESH, OT_OK);
    CU_ASSERT_EQUAL(n, 3);
    CU_ASSERT_EQUAL(fixture_syncs(1), 1); /* many looks, one sync */
    ot_cache_free(cache);
}

static void a_refresh_may_be_forbidden(void)
{
    struct ot_cache *cache = fresh_cache();

    fixture_source.auto_refresh = false;
    fixture_write(fixture_snapshot, 2, 901);
    CU_ASSERT_EQUAL(fixture_get(cache, OT_CACHE_REFRESH | OT_CACHE_WAIT, OT_OK), 2);
    unlink(fixture_snapshot);
    ot_cache_free(cache);
    cache = fresh_cache();
    fixture_source.auto_refresh = false;
    fixture_get(cache, OT_CACHE_REFRESH | OT_CACHE_WAIT, OT_E_NO_SNAPSHOT);
    CU_ASSERT_EQUAL(fixture_syncs(0), 0);
    ot_cache_free(cache);
}

static void a_back_off_is_kept_unless_another_clock_wrote_it(void)
{
    struct ot_cache *cache = fresh_cache();

    fixture_write_state(fixture_state, "refused", -10, 50);
    fixture_get(cache, OT_CACHE_WAIT, OT_E_NO_SNAPSHOT);
    expect_words("the last sync failed: refused");
    CU_ASSERT_EQUAL(fixture_syncs(0), 0);
    ot_cache_free(cache);
    CU_ASSERT_EQUAL_FATAL(ot_cache_new(&cache, &fixture_source, NULL), OT_OK);
    fixture_write_state(fixture_state, "refused", 86400, 90000);
    fixture_get(cache, OT_CACHE_WAIT, OT_E_NO_SNAPSHOT);
    CU_ASSERT_EQUAL(fixture_syncs(1), 1);
    ot_cache_free(cache);
}

static void the_first_snapshot_is_waited_for(void)
{
    struct ot_cache *cache = fresh_cache();

    fixture_write(fixture_spare, 2, 0);
    fixture_sync_does(fixture_spare, fixture_snapshot, 300);
    fixture_get(cache, OT_CACHE_REFRESH, OT_E_NO_SNAPSHOT); /* not without the flag */
    CU_ASSERT_EQUAL(fixture_syncs(1), 1);
    CU_ASSERT_EQUAL(fixture_get(cache, OT_CACHE_WAIT, OT_OK), 2);
    ot_cache_free(cache);
}

static void a_first_sync_that_fails_gives_its_reason_once(void)
{
    struct ot_cache *cache = fresh_cache();

    fixture_write_state(fixture_spare, "401: the key was refused", 0, 0);
    fixture_sync_does(fixture_spare, fixture_state, 0);
    fixture_get(cache, OT_CACHE_WAIT, OT_E_NO_SNAPSHOT);
    expect_words("the last sync failed: 401: the key was refused; run 'orgtrust sync");
    fixture_get(cache, OT_CACHE_WAIT, OT_E_NO_SNAPSHOT); /* not again so soon */
    fixture_get(cache, OT_CACHE_REFRESH, OT_E_NO_SNAPSHOT);
    usleep(100000);
    CU_ASSERT_EQUAL(fixture_syncs(1), 1);
    ot_cache_free(cache);
}

static void *get_waiting(void *arg)
{
    struct ot_snapshot *snapshot = NULL;
    enum ot_status status = ot_cache_get(arg, OT_CACHE_WAIT, &snapshot, NULL);
    unsigned n = snapshot != NULL ? fixture_read_all(snapshot) : 0;

    ot_snapshot_unref(snapshot);
    return (void *)(uintptr_t)(status == OT_OK && n == 2);
}

static void fault_44_many_threads_wait_for_one_sync(void)
{
    struct ot_cache *cache = fresh_cache();
    pthread_t threads[32];
    void *good;
    int i;

    fixture_write(fixture_spare, 2, 0);
    fixture_sync_does(fixture_spare, fixture_snapshot, 300);
    for (i = 0; i < 32; i++)
        CU_ASSERT_EQUAL(pthread_create(&threads[i], NULL, get_waiting, cache), 0);
    for (i = 0; i < 32; i++) {
        pthread_join(threads[i], &good);
        CU_ASSERT_PTR_NOT_NULL(good);
    }
    CU_ASSERT_EQUAL(fixture_syncs(1), 1);
    ot_cache_free(cache);
}

static void fault_55_the_host_never_opens_the_key(void)
{
    struct ot_cache *cache = fresh_cache();
    char event[512];
    int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

    file_put_text(unit_path("key"), "sk-admin-secret\n");
    fixture_source.admin_key_file = (char *)unit_path("key");
    CU_ASSERT(inotify_add_watch(watch, unit_path("key"), IN_OPEN) >= 0);
    fixture_write(fixture_spare, 2, 0);
    fixture_sync_does(fixture_spare, fixture_snapshot, 0);
    CU_ASSERT_EQUAL(fixture_get(cache, OT_CACHE_REFRESH | OT_CACHE_WAIT, OT_OK), 2);
    CU_ASSERT_EQUAL(read(watch, event, sizeof(event)), -1);
    fixture_source.admin_key_file = NULL;
    close(watch);
    ot_cache_free(cache);
}

static void a_long_path_is_refused_early(void)
{
    static char deep[5000];
    struct ot_source source = fixture_source;
    struct ot_cache *cache;

    memset(deep, 'x', sizeof(deep) - 1);
    deep[0] = '/';
    source.cache_dir = deep;
    CU_ASSERT_EQUAL(ot_cache_new(&cache, &source, NULL), OT_E_CONFIG);
    CU_ASSERT_PTR_NULL(cache);
}

/* clang-format 14 and 19 disagree on the macro of an initializer. */
/* clang-format off */
#define CASE(name) {#name, name}
/* clang-format on */

int main(int argc, char **argv)
{
    static const struct unit_case cases[] = {
        CASE(an_unchanged_file_stays_mapped),
        CASE(nothing_yet_says_what_to_run),
        CASE(fault_36_a_snapshot_from_the_future_is_stale_not_fresh),
        CASE(fault_36_one_from_1970_has_expired),
        CASE(an_expired_one_is_not_handed_out_though_mapped),
        CASE(fault_39_what_is_mapped_outlives_its_directory),
        CASE(fault_39_a_read_only_cache_is_served),
        CASE(fault_40_links_and_fifos_are_refused),
        CASE(fault_41_a_file_opened_to_others_is_dropped),
        CASE(fault_42_damage_is_not_served_and_heals),
        CASE(fault_42_a_file_that_is_cut_off_is_dropped),
        CASE(fault_42_a_file_that_is_written_over_is_read_anew),
        CASE(fault_84_another_scope_is_none_of_this_source),
        CASE(fault_43_readers_keep_what_they_began_with),
        CASE(stale_is_answered_at_once_and_refreshed_behind),
        CASE(a_refresh_may_be_forbidden),
        CASE(a_back_off_is_kept_unless_another_clock_wrote_it),
        CASE(the_first_snapshot_is_waited_for),
        CASE(a_first_sync_that_fails_gives_its_reason_once),
        CASE(fault_44_many_threads_wait_for_one_sync),
        CASE(fault_55_the_host_never_opens_the_key),
        CASE(a_long_path_is_refused_early),
        {NULL, NULL}};

    return unit_main("cache", cases, argc, argv);
}
