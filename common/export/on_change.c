#include "export/on_change_internal.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/hex.h"
#include "base/limits.h"
#include "cache/cache.h"
#include "cache/distrust.h"
#include "config/config.h"
#include "config/source.h"
#include "export/anchors.h"
#include "export/export.h"
#include "export/on_change_news_internal.h"
#include "export/program.h"
#include "export/record_internal.h"
#include "files/file_lock.h"
#include "snapshot/record.h"
#include "snapshot/snapshot.h"

#define PAUSE_MS 50
#define COUNT_MAX 48 /* of a variable with a number */
#define RUNS_MAX 8   /* in a row; what changes without end waits for the next sync */

static int compare_ids(const void *a, const void *b)
{
    return memcmp(a, b, OT_ANCHOR_ID_LEN);
}

/* The digests of a snapshot's active certificates to which nobody says no, in an order
 * that does not depend on names. The caller frees *ids. */
static enum ot_status list_active(uint8_t **ids, size_t *count,
                                  struct ot_snapshot *snapshot,
                                  struct ot_distrust *distrust, struct ot_error *err)
{
    struct ot_positions all;
    enum ot_status status = ot_snapshot_all(snapshot, &all, err);

    *count = 0;
    *ids = status == OT_OK ? calloc(all.count + 1u, OT_ANCHOR_ID_LEN) : NULL;
    if (status == OT_OK && *ids == NULL)
        return ot_error_nomem(err);
    for (uint32_t i = 0; status == OT_OK && i < all.count; i++) {
        struct ot_record record;

        status = ot_snapshot_record(snapshot, &all, i, &record, err);
        if (status != OT_OK || (record.flags & OT_RECORD_QUARANTINED) != 0 ||
            (record.flags & OT_RECORD_ACTIVE) == 0 ||
            ot_distrust_purposes(distrust, &record, NULL) != 0)
            continue;
        memcpy(*ids + OT_ANCHOR_ID_LEN * (*count)++,
               ot_record_digest(&record, OT_DIGEST_SHA2_256).data, OT_ANCHOR_ID_LEN);
    }
    if (status == OT_OK)
        qsort(*ids, *count, OT_ANCHOR_ID_LEN, compare_ids);
    return status;
}

/* A source that cannot be used adds nothing. */
static bool digest_source(EVP_MD_CTX *ctx, const struct ot_source *source,
                          struct ot_distrust *distrust)
{
    struct ot_snapshot *snapshot = NULL;
    struct ot_cache *cache = NULL;
    uint8_t *ids = NULL;
    size_t count = 0;
    bool good = EVP_DigestUpdate(ctx, source->name, strlen(source->name) + 1);

    if (ot_cache_new(&cache, source, NULL) == OT_OK &&
        ot_cache_get(cache, 0, &snapshot, NULL) == OT_OK &&
        list_active(&ids, &count, snapshot, ot_source_distrusts(source) ? NULL : distrust,
                    NULL) == OT_OK)
        good = good && EVP_DigestUpdate(ctx, ids, count * OT_ANCHOR_ID_LEN);
    free(ids);
    ot_snapshot_unref(snapshot);
    ot_cache_free(cache);
    return good;
}

/* What the command is to know of: the active certificates of its sources, and what is in
 * place of each export that any of them takes part in. "" : out of memory. */
static void digest_of_state(char now[OT_EXPORT_DONE_MAX],
                            const struct ot_exports *exports,
                            const struct ot_export *item)
{
    uint8_t sum[EVP_MAX_MD_SIZE];
    struct ot_distrust *distrust = NULL;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 0 &&
                ot_distrust_new(&distrust, exports->config, NULL) == OT_OK;

    ot_distrust_look(distrust, 0);
    for (size_t i = 0; good && i < OT_SOURCES_MAX; i++)
        if (item->sources >> i & 1)
            good = digest_source(ctx, ot_config_at(exports->config, i), distrust);
    for (size_t i = 0; good && i < exports->count; i++) {
        const struct ot_export *other = &exports->items[i];
        char done[OT_EXPORT_DONE_MAX];

        if (other->kind == OT_EXPORT_ON_CHANGE || (other->sources & item->sources) == 0)
            continue;
        ot_export_done_read(done, exports, other);
        good = EVP_DigestUpdate(ctx, done, strlen(done) + 1);
    }
    good = good && EVP_DigestFinal_ex(ctx, sum, NULL);
    EVP_MD_CTX_free(ctx);
    ot_distrust_free(distrust);
    now[0] = '\0';
    if (good)
        ot_hex_write(now, sum, OT_ANCHOR_ID_LEN);
}

static bool is_due(char now[OT_EXPORT_DONE_MAX], const struct ot_exports *exports,
                   const struct ot_export *item)
{
    char done[OT_EXPORT_DONE_MAX];

    digest_of_state(now, exports, item);
    ot_export_done_read(done, exports, item);
    return strcmp(now, done) != 0;
}

/* Several syncs in a row are one change: waits until there was none for a while. */
static void wait_until_quiet(char now[OT_EXPORT_DONE_MAX],
                             const struct ot_exports *exports,
                             const struct ot_export *item, const volatile int *stop)
{
    const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
    char before[OT_EXPORT_DONE_MAX];

    for (int run = 0; run < RUNS_MAX; run++) {
        memcpy(before, now, sizeof(before));
        for (int ms = 0; ms < OT_ON_CHANGE_QUIET_MS; ms += PAUSE_MS)
            if (stop == NULL || *stop == 0)
                nanosleep(&pause, NULL);
        digest_of_state(now, exports, item);
        if (strcmp(before, now) == 0 || (stop != NULL && *stop != 0))
            return;
    }
}

/* "ORGTRUST_SOURCES=default lab" */
static void list_sources(char *buf, size_t size, const struct ot_exports *exports,
                         const struct ot_export *item)
{
    size_t len = (size_t)snprintf(buf, size, "ORGTRUST_SOURCES=");
    const char *blank = "";

    for (size_t i = 0; i < OT_SOURCES_MAX; i++)
        if (item->sources >> i & 1) {
            len += (size_t)snprintf(buf + len, size - len, "%s%s", blank,
                                    ot_config_at(exports->config, i)->name);
            blank = " ";
        }
}

/* "ORGTRUST_BEGAN=3" */
static void write_counts(char counts[OT_SIGN_COUNT][COUNT_MAX],
                         const struct ot_on_change_news *news)
{
    static const char *const names[OT_SIGN_COUNT] = {[OT_SIGN_BEGAN] = "BEGAN",
                                                     [OT_SIGN_CEASED] = "CEASED",
                                                     [OT_SIGN_OTHER] = "OTHER"};

    for (int sign = 0; sign < OT_SIGN_COUNT; sign++)
        snprintf(counts[sign], COUNT_MAX, "ORGTRUST_%s=%" PRIu64, names[sign],
                 news->counts[sign]);
}

static enum ot_status run_on_change(const struct ot_exports *exports,
                                    struct ot_export *item,
                                    const struct ot_on_change_news *news,
                                    const volatile int *stop)
{
    char sources[32 + OT_SOURCES_MAX * (OT_SOURCE_NAME_MAX + 1)];
    char counts[OT_SIGN_COUNT][COUNT_MAX];
    const char *const argv[] = {"sh", "-c", item->target, NULL};
    const char *const variables[] = {sources, counts[OT_SIGN_BEGAN],
                                     counts[OT_SIGN_CEASED], counts[OT_SIGN_OTHER], NULL};
    const struct ot_program program = {
        .path = "/bin/sh",
        .argv = argv,
        .what = "the command on_change",
        .variables = variables,
        .input = ot_span_of(news->lines, news->len),
        .timeout_ms = OT_ON_CHANGE_TIMEOUT_MS,
        .stop = stop,
    };

    list_sources(sources, sizeof(sources), exports, item);
    write_counts(counts, news);
    return ot_program_run(&program, &item->why);
}

/* Under the command's lock; false: it is not due any more, or has failed. */
static bool run_if_due(struct ot_exports *exports, struct ot_export *item,
                       const volatile int *stop)
{
    struct ot_on_change_news news = {.lines = NULL};
    char now[OT_EXPORT_DONE_MAX];
    enum ot_status status;

    if (!is_due(now, exports, item))
        return false;
    wait_until_quiet(now, exports, item, stop);
    if ((stop != NULL && *stop != 0) || ot_config_check(exports->config, NULL) != OT_OK)
        return false;
    ot_error_clear(&item->why);
    status = ot_on_change_news_read(&news, exports, item, &item->why);
    if (status == OT_OK)
        status = run_on_change(exports, item, &news, stop);
    if (status == OT_OK)
        status = ot_on_change_news_done(&news, exports, item, &item->why);
    ot_on_change_news_clear(&news);
    if (status == OT_OK)
        status = ot_export_done_write(now, exports, item, &item->why);
    item->outcome = status == OT_OK ? OT_EXPORT_WRITTEN : OT_EXPORT_FAILED;
    ot_export_record_outcome(exports, item);
    return status == OT_OK;
}

void ot_on_change_run(struct ot_exports *exports, struct ot_export *item,
                      const volatile int *stop)
{
    char lock[PATH_MAX], now[OT_EXPORT_DONE_MAX];
    bool waited, goes_on = true;

    if (ot_export_record_path(lock, exports, item, "lock", &item->why) != OT_OK) {
        item->outcome = OT_EXPORT_FAILED;
        return;
    }
    /* Looked at once more without the lock: whoever found it taken has left it to us. */
    for (int runs = 0; goes_on && runs < RUNS_MAX && is_due(now, exports, item); runs++) {
        int fd = -1;
        enum ot_status status = ot_file_lock_take(&fd, lock, 0, &waited, &item->why);

        if (status == OT_E_BUSY)
            ot_error_clear(&item->why);
        else if (status != OT_OK)
            item->outcome = OT_EXPORT_FAILED;
        goes_on = status == OT_OK && run_if_due(exports, item, stop);
        ot_file_lock_release(fd);
    }
    /* A failure that changing back has made good. */
    if (goes_on)
        ot_export_record_outcome(exports, item);
}
