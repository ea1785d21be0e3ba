/* Bringing the exports up to date. */
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hex.h"
#include "base/limits.h"
#include "cache/distrust.h"
#include "config/config.h"
#include "config/source.h"
#include "config/source_path.h"
#include "export/anchors.h"
#include "export/chromium_lists.h"
#include "export/export.h"
#include "export/files.h"
#include "export/format.h"
#include "export/mount_dir.h"
#include "export/on_change_internal.h"
#include "export/record_internal.h"
#include "export/system_blocklist_internal.h"
#include "export/system_internal.h"
#include "export/system_list_internal.h"
#include "files/file.h"
#include "files/file_lock.h"
#include "files/place.h"
#include "snapshot/snapshot.h"

#define LOCK_WAIT_MS 120000 /* longer than the system's own tools may take */

/* How many configurations are tried in a row: somebody changes it all the time. */
#define CONFIGS_MAX 8

/* A sync that saw the same empty organization again, later than the file was made, is a
 * second listing that agrees with the first. */
static bool was_seen_again(const struct ot_source *source, struct ot_snapshot *snapshot)
{
    char path[PATH_MAX];
    struct stat st;

    return ot_source_path(path, source, OT_SOURCE_SNAPSHOT, NULL) == OT_OK &&
           lstat(path, &st) == 0 && ot_snapshot_is_file(snapshot, &st) &&
           st.st_mtime > ot_snapshot_info(snapshot)->written_at;
}

/* One source's anchors. *sure: that it has none is
 * what the organization wants. */
static enum ot_status add_anchors_of(struct ot_anchors *anchors, bool *sure,
                                     const struct ot_source *source, bool believed,
                                     struct ot_error *err)
{
    enum ot_status status = ot_anchors_add_source(anchors, source, err);

    if (status == OT_OK) {
        struct ot_snapshot *snapshot = anchors->snapshots[anchors->snapshot_count - 1];

        *sure = *sure && ot_snapshot_info(snapshot)->active == 0 &&
                (believed || was_seen_again(source, snapshot));
    } else if (status != OT_E_NO_SNAPSHOT && status != OT_E_EXPIRED) { /* these name it */
        ot_error_prefix(err, "source '%s'", source->name);
    }
    return status;
}

/* But for the limits of a source and a no, nothing is taken away because the clock is
 * wrong, all have expired at once or a listing came up empty once: files that hold too
 * much are refused by dates and checks of their readers; files that hold nothing stop
 * every program. */
static enum ot_status refuse_empty(const struct ot_anchors *anchors, struct ot_error *err)
{
    if (anchors->active > 0)
        return ot_error_set(err, OT_E_EMPTY,
                            "none of %zu active certificates is a CA that is valid now "
                            "and that all its readers can read; the export stays as it "
                            "is, unless orgtrust sync "
                            "--accept-empty says that this is meant",
                            anchors->active);
    return ot_error_set(err, OT_E_EMPTY,
                        "no certificate is active, which was seen only once; the export "
                        "stays as it is until the next sync agrees, or orgtrust sync "
                        "--accept-empty says that this is meant");
}

static enum ot_status collect_anchors(struct ot_anchors *anchors,
                                      const struct ot_exports *exports,
                                      const struct ot_export *item,
                                      const struct ot_exports_options *options,
                                      struct ot_error *err)
{
    enum ot_status status = ot_distrust_new(&anchors->distrust, exports->config, err);
    bool sure = true;

    ot_distrust_look(anchors->distrust, 0);
    for (size_t i = 0; status == OT_OK && i < OT_SOURCES_MAX; i++)
        if (item->sources >> i & 1)
            status = add_anchors_of(anchors, &sure, ot_config_at(exports->config, i),
                                    options->believe_empty >> i & 1, err);
    sure =
        sure || (anchors->active > 0 && anchors->kept_out_on_purpose == anchors->active);
    if (status == OT_OK && anchors->count == 0 && !sure && !options->accept_empty)
        status = refuse_empty(anchors, err);
    if (status == OT_OK)
        status = ot_anchors_add_machine(anchors, err);
    ot_distrust_free(anchors->distrust);
    anchors->distrust = NULL;
    if (status == OT_OK)
        ot_anchors_sort(anchors);
    return status;
}

/* What the files of a directory for containers are filled by. */
struct filling {
    const struct ot_exports *exports;
    const struct ot_export *item;
    struct ot_exports_options options;
};

static enum ot_status fill_part(struct ot_anchors *anchors, void *arg,
                                struct ot_error *err)
{
    const struct filling *filling = arg;

    return collect_anchors(anchors, filling->exports, filling->item, &filling->options,
                           err);
}

/* Whether there may be none at all was decided by the item's own anchors: Java's, which
 * are fewer, do not keep the rest from being written. */
static enum ot_status put_mount_dir(const struct ot_exports *exports,
                                    const struct ot_export *item,
                                    const struct ot_exports_options *options,
                                    bool *written, struct ot_error *err)
{
    struct filling filling = {exports, item, *options};

    filling.options.accept_empty = true;
    return ot_mount_dir_put(item->target, fill_part, &filling, written, err);
}

static enum ot_status put_export(struct ot_exports *exports, struct ot_export *item,
                                 const struct ot_anchors *anchors,
                                 const struct ot_exports_options *options, bool *written,
                                 struct ot_error *err)
{
    enum ot_status status =
        item->kind == OT_EXPORT_SYSTEM ? OT_OK : ot_place_make_around(item->target, err);

    if (status != OT_OK)
        return status;
    switch (item->kind) {
    case OT_EXPORT_BUNDLE:
    case OT_EXPORT_JAVA:
        return ot_export_put_file(item->target, ot_export_format_of(item->kind), anchors,
                                  written, err);
    case OT_EXPORT_DIR:
        return ot_export_put_dir(item->target, anchors, written, err);
    case OT_EXPORT_CONTAINERS:
        return put_mount_dir(exports, item, options, written, err);
    case OT_EXPORT_SYSTEM:
        return ot_system_put(exports->dir, anchors, written, options->stop, err);
    case OT_EXPORT_CHROMIUM: /* has parts of which one may be known */
    case OT_EXPORT_ON_CHANGE:
    case OT_EXPORT_KIND_COUNT:
        break;
    }
    return ot_error_set(err, OT_E_INTERNAL, "this is no export");
}

/* What the system is to distrust. */
static enum ot_status put_list(const struct ot_exports *exports,
                               const struct ot_export *item,
                               const struct ot_exports_options *options, bool *written,
                               struct ot_error *err)
{
    struct ot_distrust *distrust = NULL;
    enum ot_status status = OT_OK;
    bool changed = false, blocked = false;

    if (item->says_no)
        status = ot_distrust_new(&distrust, exports->config, err);
    ot_distrust_look(distrust, 0);
    if (status == OT_OK)
        status = ot_system_list_put(exports->dir, distrust, &changed, err);
    if (status == OT_OK)
        status = ot_system_blocklist_put(exports->dir, distrust, &blocked, err);
    if (status == OT_OK && (changed || blocked))
        status = ot_system_update(options->stop, err);
    if (status == OT_OK && changed)
        status = ot_system_list_done(exports->dir, err);
    if (status == OT_OK && blocked)
        status = ot_system_blocklist_done(exports->dir, err);
    *written = *written || changed || blocked;
    ot_distrust_free(distrust);
    return status;
}

/* The same whatever became of the anchors: what is to be trusted being unknown is no
 * reason to go on trusting what is not. status: how they went, which counts first. */
static enum ot_status put_no(const struct ot_exports *exports, struct ot_export *item,
                             const struct ot_exports_options *options, bool *written,
                             enum ot_status status)
{
    struct ot_error why = OT_ERROR_INIT;

    if ((!item->says_no && !ot_exports_say_no(exports)) ||
        put_list(exports, item, options, written, &why) == OT_OK || status != OT_OK)
        return status;
    item->why = why;
    return why.status;
}

/* The same for browsers, of which nobody but root changes the policies. */
static enum ot_status put_policies(const struct ot_exports *exports,
                                   struct ot_export *item,
                                   const struct ot_anchors *anchors, bool *written,
                                   enum ot_status status)
{
    struct ot_error why = OT_ERROR_INIT;
    enum ot_status next;

    if (geteuid() != 0)
        return status;
    next = ot_chromium_refresh(exports, item, status == OT_OK ? anchors : NULL, written,
                               &why);
    if (next != OT_OK && status == OT_OK)
        item->why = why;
    return status == OT_OK ? next : status;
}

/* What is in place, for whoever wants to know whether it is new: the anchors, and when
 * they were put there. */
static enum ot_status record_done(const struct ot_exports *exports,
                                  const struct ot_export *item,
                                  const struct ot_anchors *anchors, bool written,
                                  struct ot_error *err)
{
    char done[OT_EXPORT_DONE_MAX], before[OT_EXPORT_DONE_MAX], path[PATH_MAX];
    const size_t len = (size_t)2 * OT_ANCHOR_ID_LEN;
    uint8_t sum[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);

    for (size_t i = 0; good && i < anchors->count; i++)
        good = EVP_DigestUpdate(ctx, anchors->items[i].id, OT_ANCHOR_ID_LEN);
    good = good && EVP_DigestFinal_ex(ctx, sum, NULL);
    EVP_MD_CTX_free(ctx);
    if (!good)
        return ot_error_nomem(err);
    ot_hex_write(done, sum, OT_ANCHOR_ID_LEN);
    if (item->sources == 0) /* taken back: nothing is ours there any more */
        return ot_export_record_path(path, exports, item, "done", err) == OT_OK
                   ? ot_file_remove(path, err)
                   : OT_OK;
    ot_export_done_read(before, exports, item);
    if (!written && strncmp(before, done, len) == 0)
        return OT_OK;
    snprintf(done + len, sizeof(done) - len, " %lld", (long long)time(NULL));
    return ot_export_done_write(done, exports, item, err);
}

/* The same for the system. That its anchors are ours to take back is written down before
 * it is told a no, which may fail; and once more where that was a change. */
static enum ot_status record_system(const struct ot_exports *exports,
                                    struct ot_export *item,
                                    const struct ot_anchors *anchors,
                                    const struct ot_exports_options *options,
                                    bool *written, enum ot_status status)
{
    bool changed = false;

    if (status == OT_OK)
        status = record_done(exports, item, anchors, *written, &item->why);
    if (status == OT_OK)
        status = ot_system_finish(exports->dir, anchors, &item->why);
    status = put_no(exports, item, options, &changed, status);
    *written = *written || changed;
    return status == OT_OK && changed
               ? record_done(exports, item, anchors, true, &item->why)
               : status;
}

static void set_export_outcome(struct ot_export *item, enum ot_status status, bool kept,
                               bool written)
{
    if (status != OT_OK)
        item->outcome = kept ? OT_EXPORT_KEPT : OT_EXPORT_FAILED;
    else
        item->outcome = written ? OT_EXPORT_WRITTEN : OT_EXPORT_UNCHANGED;
}

static void refresh_export(struct ot_exports *exports, struct ot_export *item,
                           const struct ot_exports_options *options)
{
    struct ot_anchors anchors = {.place = ot_export_place(item->kind)};
    bool written = false, kept = true;
    enum ot_status status = OT_OK;

    ot_error_clear(&item->why);
    if (item->target == NULL && geteuid() != 0)
        status = ot_error_set(
            &item->why, OT_E_UNSAFE, "export_%s: only a sync by root changes %s",
            ot_export_word(item->kind),
            item->kind == OT_EXPORT_SYSTEM ? "the anchors of the system"
                                           : "the policies of the machine's browsers");
    if (status == OT_OK && item->sources != 0)
        status = collect_anchors(&anchors, exports, item, options, &item->why);
    if (status == OT_OK) {
        kept = false;
        if (item->kind != OT_EXPORT_CHROMIUM)
            status = put_export(exports, item, &anchors, options, &written, &item->why);
    }
    if (item->kind == OT_EXPORT_CHROMIUM)
        status = put_policies(exports, item, &anchors, &written, status);
    if (item->kind == OT_EXPORT_SYSTEM && geteuid() == 0)
        status = record_system(exports, item, &anchors, options, &written, status);
    else if (status == OT_OK)
        status = record_done(exports, item, &anchors, written, &item->why);
    item->anchors = anchors.count;
    set_export_outcome(item, status, kept && status != OT_E_NOMEM, written);
    ot_export_record_outcome(exports, item);
    ot_anchors_clear(&anchors);
}

static enum ot_status lock_exports(const struct ot_exports *exports, int *fd,
                                   const struct ot_exports_options *options,
                                   struct ot_error *err)
{
    const struct ot_lock_wait how = {.limit_ms = LOCK_WAIT_MS,
                                     .stop = options->stop,
                                     .waits = options->waits,
                                     .arg = options->arg};
    char path[PATH_MAX];
    enum ot_status status;

    if (snprintf(path, sizeof(path), "%s/lock", exports->dir) >= PATH_MAX)
        return ot_error_set(err, OT_E_CONFIG, "cache_dir is too long");
    status = ot_file_lock_wait(fd, path, &how, err);
    if (status == OT_E_INTERRUPTED)
        return ot_error_set(err, OT_E_INTERRUPTED,
                            "interrupted; the exports are as they were");
    return status;
}

/* Whether there is nothing to do. A round by an earlier configuration that has just begun
 * leaves no mark of its anchors yet, but a lock to wait for. */
static bool has_nothing(const struct ot_exports *exports)
{
    return exports->count == 0 &&
           (exports->dir[0] == '\0' || geteuid() != 0 || access(exports->dir, F_OK) != 0);
}

/* Those for containers, or the others; no command. */
static void refresh_those(struct ot_exports *exports, bool for_containers,
                          const struct ot_exports_options *options, enum ot_status *first)
{
    for (size_t i = 0; i < exports->count; i++) {
        struct ot_export *item = &exports->items[i];

        if (item->kind == OT_EXPORT_ON_CHANGE ||
            (item->kind == OT_EXPORT_CONTAINERS) != for_containers)
            continue;
        refresh_export(exports, item, options);
        if (item->outcome == OT_EXPORT_FAILED && *first == OT_OK)
            *first = item->why.status;
    }
}

/* Under the lock: whoever has changed the configuration and then looks at the exports
 * waits for us; what we have found by then is not what we may act upon. */
static enum ot_status refresh_all(struct ot_exports *exports,
                                  const struct ot_exports_options *options,
                                  enum ot_status *first, struct ot_error *err)
{
    enum ot_status status = ot_config_check(exports->config, err);

    if (status != OT_OK)
        return status;
    ot_exports_add_abandoned(exports);
    /* What containers are given holds what the machine trusts by then. */
    refresh_those(exports, false, options, first);
    refresh_those(exports, true, options, first);
    /* The lock lies where the first source does, which may be elsewhere by now. */
    return ot_config_check(exports->config, err);
}

enum ot_status ot_exports_run(struct ot_exports *exports,
                              const struct ot_exports_options *options,
                              struct ot_error *err)
{
    enum ot_status status, first = OT_OK;
    int lock = -1;

    if (has_nothing(exports))
        return OT_OK;
    status = ot_file_make_dir(exports->dir, err);
    if (status == OT_OK)
        status = lock_exports(exports, &lock, options, err);
    if (status == OT_OK)
        status = refresh_all(exports, options, &first, err);
    ot_file_lock_release(lock);
    if (status != OT_OK) {
        ot_error_prefix(err, "exports");
        return status;
    }
    for (size_t i = 0; i < exports->count; i++)
        if (exports->items[i].kind == OT_EXPORT_ON_CHANGE)
            ot_on_change_run(exports, &exports->items[i], options->stop);
    return first;
}

enum ot_status ot_exports_follow(struct ot_exports **out, struct ot_config **config,
                                 const struct ot_exports_options *options,
                                 struct ot_error *err)
{
    struct ot_exports_options now = *options;
    enum ot_status status = OT_E_BUSY;

    *out = NULL;
    for (int tries = 0; status == OT_E_BUSY && tries < CONFIGS_MAX; tries++) {
        ot_error_clear(err);
        free(*out);
        status = ot_exports_new(out, *config, err);
        if (status == OT_OK)
            status = ot_exports_run(*out, &now, err);
        if (status != OT_E_BUSY || ot_config_check(*config, NULL) == OT_OK)
            return status;
        free(*out);
        *out = NULL;
        ot_config_free(*config);
        status = ot_config_load(config, err);
        now.believe_empty = 0; /* other sources may have these bits */
        if (status == OT_OK)
            status = OT_E_BUSY;
    }
    return status;
}
