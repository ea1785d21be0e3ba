/* The directory of the manifests. It comes into being whole, by one rename, with a note
 * of which of its parents were made for it, and goes the same way. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fetch/file.h"
#include "fetch/place.h"
#include "fetch/tree.h"
#include "install/manifest_internal.h"

/* Beside the manifests: the outermost directory that was made. */
#define NOTE "made"
#define UNFINISHED ".orgtrust-install.XXXXXX"

/* What was killed while it made the directory; the caller holds the lock on base. */
static void reap_unfinished(const char *base)
{
    char *path = NULL;
    struct dirent **found;
    int count;

    count = scandir(base, &found, NULL, NULL);
    for (int i = 0; i < count; i++) {
        if (strlen(found[i]->d_name) == strlen(UNFINISHED) &&
            strncmp(found[i]->d_name, UNFINISHED, strlen(UNFINISHED) - 6) == 0 &&
            asprintf(&path, "%s/%s", base, found[i]->d_name) >= 0) {
            ot_dir_remove_tree(path);
            free(path);
        }
        free(found[i]);
    }
    if (count >= 0)
        free(found);
}

/* The deepest directory above path that is there; the caller frees it. */
static char *existing_parent(const char *path)
{
    char *base = strdup(path), *slash;
    struct stat st;

    while (base != NULL && (slash = strrchr(base, '/')) != NULL) {
        *(slash == base ? slash + 1 : slash) = '\0';
        if (slash == base || stat(base, &st) == 0)
            break;
    }
    return base;
}

/* The directory around path, of which it may hold nothing but path's name, locked. */
static enum ot_status lock_around(int *fd, const char *path, struct ot_error *err)
{
    struct ot_place place;
    enum ot_status status = ot_place_open(&place, path, true, err);

    *fd = status == OT_OK ? ot_dir_reopen(place.dir) : -1;
    ot_place_close(&place);
    if (status == OT_OK && (*fd < 0 || flock(*fd, LOCK_EX) != 0)) {
        status =
            ot_error_errno(err, OT_E_IO, errno, "cannot lock the directory of %s", path);
        if (*fd >= 0)
            close(*fd);
        *fd = -1;
    }
    return status;
}

static enum ot_status set_mode(const char *path, mode_t mode, struct ot_error *err)
{
    int dir, fd;
    enum ot_status status = ot_dir_open(&dir, path, err);

    if (status != OT_OK)
        return status;
    fd = ot_dir_reopen(dir);
    if (fd < 0 || fchmod(fd, mode) != 0)
        status = ot_error_errno(err, OT_E_IO, errno, "cannot chmod %s", path);
    if (fd >= 0)
        close(fd);
    close(dir);
    return status;
}

/* Makes the directory at path, whose outermost new one is top, under the name unfinished
 * in base, and gives it its name. around: of base. */
static enum ot_status make_whole(int around, const char *base, const char *path,
                                 const char *top, const char *unfinished,
                                 struct ot_error *err)
{
    char *outer = NULL, *inner = NULL, *note = NULL;
    enum ot_status status = OT_OK;

    if (asprintf(&outer, "%s/%s", base, unfinished) < 0 ||
        asprintf(&inner, "%s%s", outer, path + strlen(top)) < 0 ||
        asprintf(&note, "%s/" NOTE, inner) < 0)
        status = ot_error_nomem(err);
    if (status == OT_OK)
        status = ot_file_make_dir(inner, err);
    if (status == OT_OK)
        status = set_mode(outer, geteuid() == 0 ? 0755 : 0700, err);
    if (status == OT_OK)
        status = set_mode(inner, 0700, err);
    if (status == OT_OK)
        status = ot_file_replace(note, top, strlen(top), 0600, err);
    if (status == OT_OK &&
        renameat(around, unfinished, around, strrchr(top, '/') + 1) != 0)
        status = ot_error_errno(err, OT_E_IO, errno, "cannot make %s", top);
    if (status == OT_OK)
        status = ot_dir_sync(around, top, err);
    free(outer);
    free(inner);
    free(note);
    return status;
}

/* base: the deepest that is there; top: one deeper. */
static enum ot_status make_in(const char *base, const char *path, const char *top,
                              bool create, struct ot_error *err)
{
    char unfinished[] = UNFINISHED;
    int around;
    enum ot_status status = lock_around(&around, top, err);

    if (status != OT_OK)
        return status;
    if (access(path, F_OK) != 0) {
        reap_unfinished(base);
        if (create)
            status = ot_dir_make_new(around, unfinished, err);
        if (create && status == OT_OK)
            status = make_whole(around, base, path, top, unfinished, err);
    }
    close(around);
    return status;
}

static enum ot_status make(const char *path, bool create, struct ot_error *err)
{
    char *base = existing_parent(path), *top = NULL;
    enum ot_status status;
    size_t len;

    if (base != NULL) {
        len = strlen(base) + (strcmp(base, "/") != 0);
        top = strndup(path, len + strcspn(path + len, "/"));
    }
    status = top == NULL ? ot_error_nomem(err) : make_in(base, path, top, create, err);
    if (status != OT_OK && status != OT_E_NOMEM)
        ot_error_prefix(err, "%s, where what was there before is kept", path);
    free(base);
    free(top);
    return status;
}

/* The directory at path, locked, unless another process has it: OT_E_BUSY. */
static enum ot_status lock_dir(int *fd, const char *path, struct ot_error *err)
{
    int dir;
    enum ot_status status = ot_dir_open(&dir, path, err);

    *fd = -1;
    if (status != OT_OK)
        return status;
    *fd = ot_dir_reopen(dir);
    if (*fd < 0)
        status = ot_error_errno(err, OT_E_IO, errno, "cannot open %s", path);
    else if (flock(*fd, LOCK_EX | LOCK_NB) != 0)
        status = errno == EWOULDBLOCK
                     ? ot_error_set(err, OT_E_BUSY,
                                    "another orgtrust install or uninstall is running")
                     : ot_error_errno(err, OT_E_IO, errno, "cannot lock %s", path);
    if (status != OT_OK && *fd >= 0) {
        close(*fd);
        *fd = -1;
    }
    close(dir);
    return status;
}

/* Whether it still is what path names, and not what another process has just removed. */
static bool is_at(int fd, const char *path)
{
    struct stat held, named;

    return fstat(fd, &held) == 0 && stat(path, &named) == 0 &&
           held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

enum ot_status ot_manifest_dir_open(struct ot_manifest_dir *dir, char *path, bool create,
                                    struct ot_error *err)
{
    *dir = (struct ot_manifest_dir){.fd = -1, .path = path};
    for (int tries = 0; tries < 8; tries++) {
        enum ot_status status = lock_dir(&dir->fd, path, err);

        if (status == OT_OK && is_at(dir->fd, path))
            return OT_OK;
        if (status == OT_OK) {
            close(dir->fd);
            dir->fd = -1;
            continue;
        }
        if (status != OT_E_NOT_FOUND)
            return status;
        ot_error_clear(err);
        status = make(path, create, err);
        if (status != OT_OK || !create)
            return status;
    }
    return ot_error_set(err, OT_E_BUSY, "%s comes and goes; try again", path);
}

/* Removal. */

static int count_entries(const char *path, bool *has_manifest)
{
    DIR *entries = opendir(path);
    const struct dirent *entry;
    int count = 0;

    *has_manifest = entries == NULL;
    while (entries != NULL && (entry = readdir(entries)) != NULL) {
        size_t len = strlen(entry->d_name);

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        count++;
        if (entry->d_name[0] != '.' && len > 5 &&
            strcmp(entry->d_name + len - 5, ".json") == 0)
            *has_manifest = true;
    }
    if (entries != NULL)
        closedir(entries);
    return count;
}

/* The outermost directory that was made for it and holds nothing else. NULL: out of
 * memory, so that this is not known; the next one finds it. */
static char *outermost(const char *path)
{
    struct ot_file_state note;
    char *removed = strdup(path), *file = NULL, *parent;
    enum ot_status status = OT_E_NOMEM;
    bool ignored;

    if (asprintf(&file, "%s/" NOTE, path) >= 0) {
        status = ot_file_state_read(&note, file, OT_EDITED_BYTES_MAX, NULL);
        free(file);
    }
    if (status != OT_OK)
        note = (struct ot_file_state){.kind = OT_FILE_ABSENT};
    while (removed != NULL && note.kind == OT_FILE_REGULAR &&
           strlen(removed) > note.len && strncmp(removed, note.data, note.len) == 0) {
        parent = ot_path_parent(removed);
        if (parent == NULL)
            status = OT_E_NOMEM;
        if (parent == NULL || count_entries(parent, &ignored) != 1) {
            free(parent);
            break;
        }
        free(removed);
        removed = parent;
    }
    ot_file_state_clear(&note);
    if (status != OT_E_NOMEM)
        return removed;
    free(removed);
    return NULL;
}

/* Out of sight in one step, then away: killed in between, the next one reaps it. */
static void remove_dir(const char *path)
{
    char unfinished[] = UNFINISHED;
    char *top = outermost(path), *base = top == NULL ? NULL : ot_path_parent(top);
    int around = -1;

    if (base != NULL && lock_around(&around, top, NULL) == OT_OK) {
        reap_unfinished(base);
        if (ot_dir_make_new(around, unfinished, NULL) == OT_OK) {
            if (renameat(around, strrchr(top, '/') + 1, around, unfinished) == 0)
                reap_unfinished(base);
            else
                unlinkat(around, unfinished, AT_REMOVEDIR);
        }
    }
    if (around >= 0)
        close(around);
    free(top);
    free(base);
}

void ot_manifest_dir_close(struct ot_manifest_dir *dir)
{
    bool has_manifest = true;

    if (dir->fd < 0)
        return;
    count_entries(dir->path, &has_manifest);
    if (!has_manifest)
        remove_dir(dir->path);
    close(dir->fd);
    dir->fd = -1;
}
