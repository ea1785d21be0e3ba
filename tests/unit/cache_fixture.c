#include "cache_fixture.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "config/source.h"
#include "config/source_path.h"
#include "files.h"
#include "files/path.h"
#include "snapshot/record.h"
#include "snapshots.h"
#include "sync/snapshot_write.h"
#include "unit.h"

#define CERTS_MAX 5

static char directory[PATH_MAX], count_file[PATH_MAX];
char fixture_snapshot[PATH_MAX], fixture_state[PATH_MAX], fixture_spare[PATH_MAX];
struct ot_error fixture_err;

struct ot_source fixture_source = {.name = (char *)"corp",
                                   .base_url = (char *)"https://api.example/v1",
                                   .cache_dir = directory,
                                   .refresh_interval_s = 900,
                                   .max_stale_s = 7 * 86400,
                                   .purposes = OT_PURPOSE_SERVER,
                                   .auto_refresh = true};

void fixture_reset(void)
{
    static unsigned times;

    /* Another each time: a child that an earlier test has started may still be at work.
     */
    snprintf(directory, sizeof(directory), "%s.%u", unit_path("cache"), ++times);
    snprintf(count_file, sizeof(count_file), "%s.%u", unit_path("count"), times);
    snprintf(fixture_spare, PATH_MAX, "%s.%u/spare", unit_path("cache"), times);
    ot_source_path(fixture_snapshot, &fixture_source, OT_SOURCE_SNAPSHOT, NULL);
    ot_source_path(fixture_state, &fixture_source, OT_SOURCE_STATE, NULL);
    mkdir(directory, 0700);
    fixture_source.auto_refresh = true;
    setenv("ORGTRUST_COMMAND", SYNC_PROBE, 1);
    setenv("ORGTRUST_TEST_COUNT", count_file, 1);
    unsetenv("ORGTRUST_TEST_FROM");
    unsetenv("ORGTRUST_TEST_TO");
    unsetenv("ORGTRUST_TEST_DELAY_MS");
}

void fixture_write_scope(const char *path, const char *scope, unsigned n, int64_t age_s)
{
    static struct snapshot_builder builder;
    struct ot_error err = OT_ERROR_INIT;
    char cn[32];

    while (builder.count < CERTS_MAX) {
        snprintf(cn, sizeof(cn), "Root %zu", builder.count);
        snapshot_builder_add_ca(&builder, cn, (long)builder.count + 1, OT_RECORD_ACTIVE);
    }
    if (ot_snapshot_write(path, scope, 0, builder.records, n, (int64_t)time(NULL) - age_s,
                          &err) != OT_OK) {
        fprintf(stderr, "%s\n", err.message);
        abort();
    }
}

void fixture_write(const char *path, unsigned n, int64_t age_s)
{
    char *scope = ot_source_scope(&fixture_source);

    fixture_write_scope(path, scope, n, age_s);
    free(scope);
}

void fixture_age(const char *path, int64_t age_s)
{
    const struct timespec times[2] = {{.tv_sec = time(NULL) - age_s},
                                      {.tv_sec = time(NULL) - age_s}};

    CU_ASSERT_EQUAL(utimensat(AT_FDCWD, path, times, 0), 0);
}

void fixture_write_state(const char *path, const char *reason, int64_t attempt_in_s,
                         int64_t retry_in_s)
{
    struct ot_state state = {.attempt_at = time(NULL) + attempt_in_s,
                             .retry_at = time(NULL) + retry_in_s,
                             .failures = 1};
    char text[OT_STATE_BYTES_MAX];
    size_t len;

    ot_error_set(&state.last, OT_E_NETWORK, "%s", reason);
    len = ot_state_format(&state, text, sizeof(text));
    file_put(path, text, len, 0644);
}

void fixture_sync_does(const char *from, const char *to, unsigned delay_ms)
{
    char delay[16];

    snprintf(delay, sizeof(delay), "%u", delay_ms);
    setenv("ORGTRUST_TEST_DELAY_MS", delay, 1);
    setenv("ORGTRUST_TEST_FROM", from, 1);
    setenv("ORGTRUST_TEST_TO", to, 1);
}

unsigned fixture_syncs(unsigned expected)
{
    struct stat st = {0};
    int i;

    for (i = 0; i < (expected > 0 ? 100 : 10); i++) {
        if (stat(count_file, &st) == 0 && expected > 0 && st.st_size >= (off_t)expected)
            break;
        usleep(10000);
    }
    return (unsigned)st.st_size;
}

unsigned fixture_read_all(struct ot_snapshot *snapshot)
{
    struct ot_positions all = {0};
    struct ot_record record;
    uint32_t i;

    if (ot_snapshot_all(snapshot, &all, NULL) != OT_OK)
        return 0;
    for (i = 0; i < all.count; i++)
        if (ot_snapshot_record(snapshot, &all, i, &record, NULL) != OT_OK)
            return 0;
    return all.count;
}

unsigned fixture_get(struct ot_cache *cache, unsigned flags, enum ot_status expected)
{
    struct ot_snapshot *snapshot = (struct ot_snapshot *)&fixture_err;
    enum ot_status status;
    unsigned n = 0;

    ot_error_clear(&fixture_err);
    status = ot_cache_get(cache, flags, &snapshot, &fixture_err);
    if (status != expected)
        fprintf(stderr, "\n  %s: %s\n", ot_status_word(status), fixture_err.message);
    CU_ASSERT_EQUAL(status, expected);
    CU_ASSERT_EQUAL(fixture_err.status, expected);
    CU_ASSERT_EQUAL(snapshot != NULL, status == OT_OK);
    if (snapshot != NULL)
        n = fixture_read_all(snapshot);
    ot_snapshot_unref(snapshot);
    return n;
}
