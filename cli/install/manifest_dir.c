/* The directory of the indexes, with a note of which of its parents were made for it. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files/file.h"
#include "files/place.h"
#include "files/tree.h"
#include "install/manifest_internal.h"

/* In it: the outermost directory that was made. */
#define NOTE "made"

/* The outermost directory of path that is not there; the caller frees it. */
static char *outermost_missing(const char *path)
{
    char *top = strdup(path), *parent;
    struct stat st;

    while (top != NULL && (parent = ot_path_parent(top)) != NULL) {
        if (stat(parent, &st) == 0 || strcmp(parent, top) == 0) {
            free(parent);
            return top;
        }
        free(top);
        top = parent;
    }
    free(top);
    return NULL;
}

static enum ot_status make_dir(const char *path, struct ot_error *err)
{
    char *top = outermost_missing(path), *note = NULL;
    int fd = -1;
    enum ot_status status = OT_OK;

    if (top == NULL || asprintf(&note, "%s/" NOTE, path) < 0)
        status = ot_error_nomem(err);
    if (status == OT_OK)
        status = ot_place_make_around(path, err);
    if (status == OT_OK)
        status = ot_dir_make(&fd, 0700, path, err);
    if (status == OT_OK)
        status = ot_file_replace(note, top, strlen(top), 0600, err);
    if (status != OT_OK && status != OT_E_NOMEM)
        ot_error_prefix(err, "%s, where what was there before is kept", path);
    if (fd >= 0)
        close(fd);
    free(top);
    free(note);
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

/* The directory around ours, which has our name, too: empty it is of no use to anybody.
 * Whoever is killed while it comes or goes leaves it so. */
static void remove_around(const char *path)
{
    char *dir = ot_path_parent(path);

    if (dir != NULL)
        ot_dir_remove(dir);
    free(dir);
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
        if (!create) {
            remove_around(path);
            return OT_OK;
        }
        status = make_dir(path, err);
        if (status != OT_OK)
            return status;
    }
    return ot_error_set(err, OT_E_BUSY, "%s comes and goes; try again", path);
}

static bool has_index(const char *path)
{
    DIR *entries = opendir(path);
    const struct dirent *entry;
    bool found = entries == NULL;

    while (!found && (entry = readdir(entries)) != NULL) {
        const char *end = strrchr(entry->d_name, '.');

        found = end != NULL && end != entry->d_name && strcmp(end, ".json") == 0;
    }
    if (entries != NULL)
        closedir(entries);
    return found;
}

/* Whether path is what was made, or below it. */
static bool is_made(const char *path, const struct ot_file_state *made)
{
    return made->kind == OT_FILE_REGULAR && strlen(path) >= made->len &&
           strncmp(path, made->data, made->len) == 0;
}

/* And its parents that were made for it, as far as they are empty. */
static void remove_dir(const char *path)
{
    struct ot_file_state made = {.kind = OT_FILE_ABSENT};
    char *note = NULL, *dir = ot_path_parent(path);

    if (asprintf(&note, "%s/" NOTE, path) >= 0)
        ot_file_state_read(&made, note, OT_EDITED_BYTES_MAX, NULL);
    free(note);
    ot_dir_remove_tree(path);
    remove_around(path);
    while (dir != NULL && is_made(dir, &made)) {
        char *parent = ot_path_parent(dir);

        ot_dir_remove(dir);
        free(dir);
        dir = parent;
    }
    free(dir);
    ot_file_state_clear(&made);
}

void ot_manifest_dir_close(struct ot_manifest_dir *dir)
{
    if (dir->fd < 0)
        return;
    if (!has_index(dir->path))
        remove_dir(dir->path);
    close(dir->fd);
    dir->fd = -1;
}
