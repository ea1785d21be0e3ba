#include "sync_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "certs.h"
#include "config/source.h"
#include "config/source_path.h"
#include "files/path.h"
#include "http/http_request.h"
#include "snapshot/record.h"
#include "unit.h"

static const struct ot_http_tuning quick = {.retries = 1,
                                            .retry_first_ms = 1,
                                            .retry_longest_ms = 4,
                                            .retry_after_max_ms = 50,
                                            .deadline_ms = 60000,
                                            .in_flight = 16,
                                            .connections = 4};

static const char default_name[] = "default";

void fixture_init(struct fixture *f)
{
    static unsigned number;

    memset(f, 0, sizeof(*f));
    unsetenv("OPENAI_ADMIN_KEY");
    f->api = fake_api_start();
    snprintf(f->dir, sizeof(f->dir), "%s/cache%u", unit_dir(), number++);
    snprintf(f->snapshot, sizeof(f->snapshot), "%s/default.snapshot", f->dir);
    snprintf(f->partial, sizeof(f->partial), "%s/default.partial", f->dir);
    snprintf(f->state, sizeof(f->state), "%s/default.state", f->dir);
    snprintf(f->lock, sizeof(f->lock), "%s/default.lock", f->dir);
    f->source.name = (char *)(uintptr_t)default_name;
    f->source.base_url = (char *)(uintptr_t)fake_api_url(f->api);
    f->source.cache_dir = f->dir;
    f->source.refresh_interval_s = 900;
    f->source.max_stale_s = 7 * 86400;
    f->source.connect_timeout_ms = 5000;
    f->source.timeout_ms = 30000;
    f->source.purposes = OT_PURPOSE_SERVER | OT_PURPOSE_CLIENT;
    f->options.tuning = &quick;
}

void fixture_clear(struct fixture *f)
{
    fake_api_stop(f->api);
}

void fixture_add(struct fixture *f, const char *id, bool active)
{
    static long serial = 1000;
    char name[300];
    char *pem = certs_pem(id, serial++);

    snprintf(name, sizeof(name), "name of %s", id);
    fake_api_add(f->api, id, name, pem, active);
    free(pem);
}

void fixture_add_many(struct fixture *f, int count)
{
    char id[32];

    for (int i = 0; i < count; i++) {
        snprintf(id, sizeof(id), "cert_%03d", i);
        fixture_add(f, id, i % 2 == 0);
    }
}

enum ot_status fixture_sync(struct fixture *f)
{
    enum ot_status status;

    ot_error_clear(&f->err);
    status = ot_sync(&f->source, &f->options, &f->result, &f->err);
    CU_ASSERT_EQUAL(f->err.status, status);
    if (status != OT_OK)
        CU_ASSERT_EQUAL(strncmp(f->err.message, "source 'default': ", 18), 0);
    return status;
}

void fixture_must_sync(struct fixture *f)
{
    if (fixture_sync(f) == OT_OK)
        return;
    fprintf(stderr, "sync: %s\n", f->err.message);
    CU_FAIL("the sync failed");
}

void fixture_init_synced(struct fixture *f)
{
    fixture_init(f);
    fixture_add(f, "cert_a", true);
    fixture_add(f, "cert_b", false);
    fixture_must_sync(f);
    fake_api_on(f->api, NULL, NULL);
}

struct ot_snapshot *fixture_open(struct fixture *f)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_snapshot *snapshot = NULL;
    char *scope = ot_source_scope(&f->source);

    if (ot_snapshot_open(&snapshot, f->snapshot, scope, &err) != OT_OK ||
        ot_snapshot_verify(snapshot, &err) != OT_OK) {
        fprintf(stderr, "snapshot: %s\n", err.message);
        CU_FAIL("the snapshot cannot be used");
        ot_snapshot_unref(snapshot);
        snapshot = NULL;
    }
    free(scope);
    return snapshot;
}

bool fixture_find(struct ot_snapshot *snapshot, const char *id, struct ot_record *record)
{
    struct ot_positions all;

    if (snapshot == NULL || ot_snapshot_all(snapshot, &all, NULL) != OT_OK)
        return false;
    for (uint32_t i = 0; i < all.count; i++)
        if (ot_snapshot_record(snapshot, &all, i, record, NULL) == OT_OK &&
            ot_span_equal(record->field[OT_FIELD_ID], ot_span_str(id)))
            return true;
    return false;
}

static int compare_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

const char *fixture_ids(struct fixture *f)
{
    static char text[4096];
    char *ids[64];
    size_t count = 0;
    struct ot_snapshot *snapshot = fixture_open(f);
    struct ot_positions all = {NULL, 0};

    text[0] = '\0';
    if (snapshot == NULL || ot_snapshot_all(snapshot, &all, NULL) != OT_OK)
        return "no snapshot";
    for (uint32_t i = 0; i < all.count && count < 64; i++) {
        struct ot_record record;
        const struct ot_span *id = &record.field[OT_FIELD_ID];

        CU_ASSERT_EQUAL(ot_snapshot_record(snapshot, &all, i, &record, NULL), OT_OK);
        if (asprintf(&ids[count], "%.*s%s%s", (int)id->len, (const char *)id->data,
                     record.flags & OT_RECORD_QUARANTINED ? "?" : "",
                     record.flags & OT_RECORD_ACTIVE ? "*" : "") < 0)
            abort();
        count++;
    }
    qsort(ids, count, sizeof(*ids), compare_text);
    for (size_t i = 0; i < count; i++) {
        snprintf(text + strlen(text), sizeof(text) - strlen(text), i == 0 ? "%s" : " %s",
                 ids[i]);
        free(ids[i]);
    }
    ot_snapshot_unref(snapshot);
    return text;
}

struct stat fixture_stat(struct fixture *f)
{
    struct stat st = {0};

    stat(f->snapshot, &st);
    return st;
}

struct ot_state fixture_state(struct fixture *f)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_state state;

    CU_ASSERT_EQUAL(ot_state_read(&state, f->state, &err), OT_OK);
    CU_ASSERT_STRING_EQUAL(err.message, "");
    return state;
}

size_t fixture_temporaries(struct fixture *f)
{
    DIR *dir = opendir(f->dir);
    struct dirent *entry;
    size_t count = 0;

    while (dir != NULL && (entry = readdir(dir)) != NULL)
        count += strstr(entry->d_name, ".tmp") != NULL;
    if (dir != NULL)
        closedir(dir);
    return count;
}

void fixture_age(struct fixture *f, int64_t seconds)
{
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
                                {.tv_sec = time(NULL) - seconds}};

    CU_ASSERT_EQUAL(utimensat(AT_FDCWD, f->snapshot, times, 0), 0);
}

static char *contents(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    char *data = calloc(1, 1 << 20);

    *len = 0;
    if (file != NULL && data != NULL)
        *len = fread(data, 1, 1 << 20, file);
    if (file != NULL)
        fclose(file);
    return data;
}

void fixture_must_keep(struct fixture *f, enum ot_status status, const char *word)
{
    struct stat before = fixture_stat(f), after;
    size_t before_len, after_len;
    char *old = contents(f->snapshot, &before_len), *now;
    unsigned failures = fixture_state(f).failures;
    int64_t began = time(NULL);
    struct ot_state state;

    CU_ASSERT_EQUAL(fixture_sync(f), status);
    if (strstr(f->err.message, word) == NULL) {
        CU_FAIL("the message lacks a word");
        fprintf(stderr, "message: %s\nexpected: %s\n", f->err.message, word);
    }
    CU_ASSERT_FALSE(f->result.fetched);
    CU_ASSERT_FALSE(f->result.changed);
    after = fixture_stat(f);
    now = contents(f->snapshot, &after_len);
    CU_ASSERT(before_len == after_len && memcmp(old, now, before_len) == 0);
    CU_ASSERT_EQUAL(before.st_ino, after.st_ino);
    CU_ASSERT_EQUAL(before.st_mtim.tv_sec, after.st_mtim.tv_sec);
    CU_ASSERT_EQUAL(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
    CU_ASSERT_EQUAL(fixture_temporaries(f), 0);
    state = fixture_state(f);
    CU_ASSERT_EQUAL(state.failures, failures + 1);
    CU_ASSERT_EQUAL(state.last.status, status);
    CU_ASSERT_PTR_NOT_NULL(strstr(f->err.message, state.last.message));
    CU_ASSERT(state.attempt_at >= began);
    CU_ASSERT(state.retry_at >= began + OT_BACKOFF_FIRST_S);
    free(old);
    free(now);
}
