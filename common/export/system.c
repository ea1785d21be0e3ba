#include "export/system.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache/path.h"
#include "export/files.h"
#include "export/program.h"
#include "export/system_links.h"
#include "fetch/file.h"
#include "fetch/pem.h"

#define TIMEOUT_MS 90000

/* Where distributions look. The first whose parent and program are there is the one. */
static const struct store {
    const char *parent, *dir; /* dir is made in parent when it is not that */
    const char *suffix;
    const char *program;
    const char *argument; /* NULL: none */
    bool has_links;       /* Debian's: see system_links.h */
} stores[] = {
    {"/usr/local/share/ca-certificates", "/usr/local/share/ca-certificates/orgtrust",
     ".crt", "/usr/sbin/update-ca-certificates", NULL, true},
    {"/etc/pki/ca-trust/source/anchors", "/etc/pki/ca-trust/source/anchors", ".pem",
     "/usr/bin/update-ca-trust", "extract", false},
    {"/etc/ca-certificates/trust-source/anchors",
     "/etc/ca-certificates/trust-source/anchors", ".pem", "/usr/bin/trust",
     "extract-compat", false},
};

struct work {
    const struct store *store;
    const struct ot_anchors *anchors;
    char pending[PATH_MAX]; /* there from before the first change to after the last */
};

static const struct store *find_store(struct ot_error *err)
{
    for (size_t i = 0; i < sizeof(stores) / sizeof(stores[0]); i++)
        if (access(stores[i].parent, F_OK) == 0 && access(stores[i].program, X_OK) == 0)
            return &stores[i];
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
    return false;
}

static void path_of(char buf[PATH_MAX], const struct store *store,
                    const struct ot_anchor *anchor)
{
    char name[OT_ANCHOR_NAME_LEN + 1];

    ot_anchor_name(name, anchor);
    snprintf(buf, PATH_MAX, "%s/" OT_SYSTEM_PREFIX "%s%s", store->dir, name,
             store->suffix);
}

/* Writes what differs, or only says that something does. */
static enum ot_status put_files(const struct work *work, bool *differs, bool only_look,
                                struct ot_error *err)
{
    enum ot_status status = OT_OK;

    for (size_t i = 0; status == OT_OK && i < work->anchors->count; i++) {
        const struct ot_anchor *anchor = &work->anchors->items[i];
        char path[PATH_MAX], *pem = ot_pem_encode(anchor->der.data, anchor->der.len);
        bool same = false;

        if (pem == NULL)
            return ot_error_nomem(err);
        path_of(path, work->store, anchor);
        status = ot_export_file_is_same(&same, path, pem, strlen(pem), NULL, err);
        *differs = *differs || !same;
        if (status == OT_OK && !same && !only_look)
            status = ot_file_replace(path, pem, strlen(pem), 0644, err);
        free(pem);
    }
    return status;
}

/* ".orgtrust-NAME.crt.XXXXXX.tmp": a writer of ours that died. */
static bool is_temporary(const char *name)
{
    size_t len = strlen(name);

    return strncmp(name, "." OT_SYSTEM_PREFIX, strlen("." OT_SYSTEM_PREFIX)) == 0 &&
           strcmp(name + len - strlen(".tmp"), ".tmp") == 0;
}

static enum ot_status remove_files(const struct work *work, bool *differs, bool only_look,
                                   struct ot_error *err)
{
    enum ot_status status = OT_OK;
    const struct dirent *entry;
    DIR *dir = opendir(work->store->dir);

    if (dir == NULL && errno == ENOENT)
        return OT_OK;
    if (dir == NULL)
        return ot_error_errno(err, OT_E_IO, errno, "cannot read the directory %s",
                              work->store->dir);
    while (status == OT_OK && (entry = readdir(dir)) != NULL) {
        if (!is_temporary(entry->d_name) &&
            (!ot_system_is_ours(entry->d_name, work->store->suffix) ||
             ot_system_is_wanted(entry->d_name, work->anchors)))
            continue;
        *differs = true;
        if (!only_look && unlinkat(dirfd(dir), entry->d_name, 0) != 0 && errno != ENOENT)
            status = ot_error_errno(err, OT_E_IO, errno, "cannot remove %s/%s",
                                    work->store->dir, entry->d_name);
    }
    closedir(dir);
    return status;
}

static enum ot_status change_files(const struct work *work, struct ot_error *err)
{
    const char *dir = work->store->dir;
    bool differs = false;
    enum ot_status status;

    if (mkdir(dir, 0755) == 0) {
        if (chmod(dir, 0755) != 0)
            return ot_error_errno(err, OT_E_IO, errno, "cannot chmod %s", dir);
    } else if (errno != EEXIST) {
        return ot_error_errno(err, OT_E_IO, errno, "cannot create the directory %s", dir);
    }
    status = put_files(work, &differs, false, err);
    if (status == OT_OK)
        status = remove_files(work, &differs, false, err);
    if (status == OT_OK && work->anchors->count == 0 &&
        strcmp(dir, work->store->parent) != 0)
        rmdir(dir); /* what is not ours in it keeps it */
    return status;
}

static enum ot_status run_update(const struct work *work, const char *conf,
                                 const volatile int *stop, struct ot_error *err)
{
    const char *argv[4] = {work->store->program, NULL, NULL, NULL};
    const struct ot_program program = {
        .path = work->store->program,
        .argv = argv,
        .what = work->store->program,
        .is_quiet = true,
        .timeout_ms = TIMEOUT_MS,
        .stop = stop,
    };

    if (conf != NULL) {
        argv[1] = "--certsconf";
        argv[2] = conf;
    } else {
        argv[1] = work->store->argument;
    }
    return ot_program_run(&program, err);
}

static enum ot_status update(const struct work *work, const char *dir,
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
        unlink(conf);
    if (status == OT_OK && work->store->has_links)
        status = ot_system_links_check(work->anchors, err);
    return status;
}

enum ot_status ot_system_put(const char *dir, const struct ot_anchors *anchors,
                             bool *written, const volatile int *stop,
                             struct ot_error *err)
{
    struct work work = {.store = find_store(err), .anchors = anchors};
    bool due = false;
    enum ot_status status;

    *written = false;
    if (work.store == NULL)
        return OT_E_NOT_FOUND;
    if (snprintf(work.pending, PATH_MAX, "%s/system.pending", dir) >= PATH_MAX)
        return ot_error_set(err, OT_E_CONFIG, "cache_dir is too long");
    status = put_files(&work, &due, true, err);
    if (status == OT_OK)
        status = remove_files(&work, &due, true, err);
    if (status != OT_OK)
        return status;
    if (!due && access(work.pending, F_OK) != 0 &&
        (!work.store->has_links || ot_system_links_check(anchors, NULL) == OT_OK))
        return OT_OK;
    status = ot_file_replace(work.pending, "", 0, 0644, err);
    if (status == OT_OK)
        status = change_files(&work, err);
    if (status == OT_OK)
        status = update(&work, dir, stop, err);
    if (status != OT_OK)
        return status;
    *written = true;
    if (unlink(work.pending) != 0)
        return ot_error_errno(err, OT_E_IO, errno, "cannot remove %s", work.pending);
    return OT_OK;
}
