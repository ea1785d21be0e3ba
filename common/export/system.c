#include "export/system_internal.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/span.h"
#include "export/anchors.h"
#include "export/files.h"
#include "export/program.h"
#include "export/system_files_internal.h"
#include "export/system_links.h"
#include "export/system_mark_internal.h"
#include "files/file.h"
#include "files/place.h"
#include "files/tree.h"
#include "files/write_all.h"
#include "machine/machine_trust.h"
#include "machine/system_store.h"
#include "machine/system_theirs.h"

#define TIMEOUT_MS 90000
#define SAID_MAX 4096

struct work {
    const struct ot_system_store *store;
    const struct ot_anchors *anchors;
    int dir;                /* of the store; -1: not there */
    char pending[PATH_MAX]; /* there from before the first change to ot_system_finish */
};

const struct ot_system_store *ot_system_store_find(struct ot_error *err)
{
    for (size_t i = 0; i < OT_SYSTEM_STORES; i++)
        if (access(ot_system_stores[i].parent, F_OK) == 0 &&
            access(ot_system_stores[i].program, X_OK) == 0)
            return &ot_system_stores[i];
    ot_error_set(err, OT_E_NOT_FOUND,
                 "export_system: this system has neither update-ca-certificates (package "
                 "ca-certificates) nor update-ca-trust nor trust (p11-kit)");
    return NULL;
}

bool ot_system_is_marked(const char *dir)
{
    static const char *const marks[] = {"system.done", "system.pending"};
    char path[PATH_MAX];

    for (size_t i = 0; i < 2; i++)
        if (snprintf(path, sizeof(path), "%s/%s", dir, marks[i]) < PATH_MAX &&
            access(path, F_OK) == 0)
            return true;
    return geteuid() == 0 && ot_system_mark_is_of(OT_SYSTEM_MARK_ANCHORS, dir);
}

static enum ot_status pending_path(char path[PATH_MAX], const char *dir,
                                   struct ot_error *err)
{
    if (snprintf(path, PATH_MAX, "%s/system.pending", dir) >= PATH_MAX)
        return ot_error_set(err, OT_E_CONFIG, "cache_dir is too long");
    return OT_OK;
}

static struct ot_system_files files_of(const struct work *work)
{
    return (struct ot_system_files){.path = work->store->dir,
                                    .suffix = work->store->suffix,
                                    .wanted = work->anchors,
                                    .dir = work->dir};
}

static enum ot_status change_files(struct work *work, struct ot_error *err)
{
    const char *dir = work->store->dir;
    struct ot_system_files files;
    bool differs = false;
    enum ot_status status = OT_OK;

    if (work->dir < 0)
        status = ot_dir_make(&work->dir, 0755, dir, err);
    files = files_of(work);
    if (status == OT_OK)
        status = ot_system_files_put(&files, &differs, false, err);
    if (status == OT_OK)
        status = ot_system_files_reap(&files, &differs, false, err);
    if (status == OT_OK && differs)
        status = ot_dir_sync(work->dir, dir, err);
    if (status == OT_OK && work->anchors->count == 0 &&
        strcmp(dir, work->store->parent) != 0)
        ot_dir_remove(dir); /* what is not ours in it keeps it */
    return status;
}

/* What the tool says is for who reads why it failed; of what went well it warns, too. */
static enum ot_status run_update(const struct work *work, const char *conf,
                                 const volatile int *stop, struct ot_error *err)
{
    char said[SAID_MAX];
    struct ot_program_output output = {.text = said, .size = sizeof(said)};
    const char *argv[4] = {work->store->program, NULL, NULL, NULL};
    const struct ot_program program = {
        .path = work->store->program,
        .argv = argv,
        .what = work->store->program,
        .output = &output,
        .is_quiet = true,
        .timeout_ms = TIMEOUT_MS,
        .stop = stop,
    };
    enum ot_status status;

    if (conf != NULL) {
        argv[1] = "--certsconf";
        argv[2] = conf;
    } else {
        argv[1] = work->store->argument;
    }
    status = ot_program_run(&program, err);
    if (status != OT_OK)
        (void)ot_write_all(STDERR_FILENO, said, output.len);
    return status;
}

static enum ot_status update_store(const struct work *work, const char *dir,
                                   const volatile int *stop, struct ot_error *err)
{
    char conf[PATH_MAX];
    bool has_conf = false;
    enum ot_status status = OT_OK;

    if (work->store->has_links)
        status = ot_system_links_conf(conf, &has_conf, dir, work->anchors, err);
    if (status == OT_OK)
        status = run_update(work, has_conf ? conf : NULL, stop, err);
    if (has_conf)
        ot_file_remove(conf, NULL);
    if (status == OT_OK && work->store->has_links)
        status = ot_system_links_check(work->anchors, err);
    return status;
}

enum ot_status ot_system_update(const volatile int *stop, struct ot_error *err)
{
    const struct work work = {.store = ot_system_store_find(err)};

    return work.store != NULL ? run_update(&work, NULL, stop, err) : OT_E_NOT_FOUND;
}

/* Whether something has to be done; looks only. */
static enum ot_status look_for_work(const struct work *work, bool *due,
                                    struct ot_error *err)
{
    bool differs = false;
    const struct ot_system_files files = files_of(work);
    enum ot_status status = ot_system_files_put(&files, &differs, true, err);

    if (status == OT_OK)
        status = ot_system_files_reap(&files, &differs, true, err);
    *due =
        differs || access(work->pending, F_OK) == 0 ||
        (work->store->has_links && ot_system_links_check(work->anchors, NULL) != OT_OK);
    return status;
}

/* Whether the bundle still holds what was put there only because we did it. */
static bool is_left_of_ours(const struct ot_ca_marks *bundle,
                            const struct ot_ca_marks *theirs,
                            const struct ot_ca_mark *mark)
{
    return ot_ca_marks_find(bundle, mark->der, OT_SHA256_LEN) != NULL &&
           ot_ca_marks_find(theirs, mark->der, OT_SHA256_LEN) == NULL;
}

/* Adds what is ours by the record and the files. Once the store was made anew, only what
 * is left of it there. */
static enum ot_status add_ours(struct ot_ca_marks *record, bool is_done,
                               struct ot_error *err)
{
    struct ot_ca_marks ours = {0}, bundle = {0}, theirs = {0};
    const char *path = ot_machine_bundle();
    enum ot_status status = ot_system_ours(&ours, err);

    if (status == OT_OK && is_done && path != NULL)
        status = ot_ca_marks_add_file(&bundle, path, err);
    if (status == OT_OK && is_done)
        status = ot_system_theirs(&theirs, err);
    ot_ca_marks_sort(&bundle);
    for (size_t i = 0; status == OT_OK && i < ours.count; i++)
        if (!is_done || is_left_of_ours(&bundle, &theirs, &ours.items[i]))
            status = ot_ca_marks_add(record, &ours.items[i], err);
    ot_ca_marks_clear(&ours);
    ot_ca_marks_clear(&bundle);
    ot_ca_marks_clear(&theirs);
    return status;
}

/* Everything of ours goes into the record before it goes into the store, and leaves it
 * when the bundle holds it no longer, or for another reason: till then it must not vouch
 * for the API. */
static enum ot_status keep_record(const struct ot_anchors *anchors, bool is_done,
                                  struct ot_error *err)
{
    struct ot_ca_marks record = {0};
    enum ot_status status = add_ours(&record, is_done, err);

    for (size_t i = 0; status == OT_OK && i < anchors->count; i++) {
        struct ot_span der = anchors->items[i].der;
        struct ot_ca_mark mark;

        status = ot_ca_mark_make(&mark, der.data, der.len, err);
        if (status == OT_OK)
            status = ot_ca_marks_add(&record, &mark, err);
    }
    ot_ca_marks_sort(&record);
    if (status == OT_OK)
        status = ot_system_record_write(&record, err);
    ot_ca_marks_clear(&record);
    return status;
}

static enum ot_status carry_out(struct work *work, const char *dir,
                                const volatile int *stop, struct ot_error *err)
{
    enum ot_status status = ot_file_replace(work->pending, "", 0, 0644, err);

    if (status == OT_OK)
        status = keep_record(work->anchors, false, err);
    if (status == OT_OK)
        status = change_files(work, err);
    if (status == OT_OK)
        status = update_store(work, dir, stop, err);
    if (status == OT_OK)
        status = keep_record(work->anchors, true, err);
    return status;
}

enum ot_status ot_system_put(const char *dir, const struct ot_anchors *anchors,
                             bool *written, const volatile int *stop,
                             struct ot_error *err)
{
    struct work work = {
        .store = ot_system_store_find(err), .anchors = anchors, .dir = -1};
    bool due = false;
    enum ot_status status;

    *written = false;
    if (work.store == NULL)
        return OT_E_NOT_FOUND;
    status = pending_path(work.pending, dir, err);
    if (status != OT_OK)
        return status;
    status = ot_dir_open(&work.dir, work.store->dir, err);
    if (status == OT_E_NOT_FOUND) {
        ot_error_clear(err);
        status = OT_OK;
    }
    if (status == OT_OK)
        status = look_for_work(&work, &due, err);
    if (status == OT_OK && anchors->count > 0 &&
        !ot_system_mark_is_of(OT_SYSTEM_MARK_ANCHORS, dir))
        status = ot_system_mark_write(OT_SYSTEM_MARK_ANCHORS, dir, "", err);
    if (status == OT_OK && due)
        status = carry_out(&work, dir, stop, err);
    if (work.dir >= 0)
        close(work.dir);
    *written = status == OT_OK && due;
    return status;
}

enum ot_status ot_system_finish(const char *dir, const struct ot_anchors *anchors,
                                struct ot_error *err)
{
    char pending[PATH_MAX];
    enum ot_status status = pending_path(pending, dir, err);

    if (status == OT_OK && anchors->count == 0)
        status = ot_system_mark_remove(OT_SYSTEM_MARK_ANCHORS, err);
    return status == OT_OK ? ot_file_remove(pending, err) : status;
}
