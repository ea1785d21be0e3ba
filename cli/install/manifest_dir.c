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
#include "install/manifest.h"

/* Beside the manifests: the outermost directory that was made. */
#define NOTE "made"
#define UNFINISHED ".orgtrust-install.XXXXXX"

/* What was killed while it made the directory; the caller holds the lock on base. */
static void reap_unfinished(const char *base)
{
    char *pattern = NULL;
    struct dirent **found;
    int count;

    count = scandir(base, &found, NULL, NULL);
    for (int i = 0; i < count; i++) {
        if (strlen(found[i]->d_name) == strlen(UNFINISHED) &&
            strncmp(found[i]->d_name, UNFINISHED, strlen(UNFINISHED) - 6) == 0 &&
            asprintf(&pattern, "%s/%s", base, found[i]->d_name) >= 0) {
            ot_path_remove_tree(pattern);
            free(pattern);
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

static int lock_dir(const char *path, int how)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int errnum;

    if (fd >= 0 && flock(fd, how) != 0) {
        errnum = errno;
        close(fd);
        errno = errnum;
        return -1;
    }
    return fd;
}

/* Makes the directory at path as `unfinished` and gives it its name. */
static enum ot_status make_whole(const char *path, const char *base, char *unfinished,
                                 struct ot_error *err)
{
    size_t top_len = strlen(base) + (strcmp(base, "/") != 0);
    char *top, *inner = NULL, *note = NULL;
    enum ot_status status = OT_OK;

    top_len += strcspn(path + top_len, "/");
    top = strndup(path, top_len);
    if (top == NULL || asprintf(&inner, "%s%s", unfinished, path + top_len) < 0 ||
        asprintf(&note, "%s/" NOTE, inner) < 0)
        status = ot_error_nomem(err);
    if (status == OT_OK)
        status = ot_file_make_dir(inner, err);
    if (status == OT_OK &&
        (chmod(unfinished, geteuid() == 0 ? 0755 : 0700) != 0 || chmod(inner, 0700) != 0))
        status = ot_error_errno(err, OT_E_IO, errno, "cannot chmod %s", inner);
    if (status == OT_OK)
        status = ot_file_replace(note, top, strlen(top), 0600, err);
    if (status == OT_OK && rename(unfinished, top) != 0)
        status = ot_error_errno(err, OT_E_IO, errno, "cannot make %s", top);
    if (status == OT_OK)
        status = ot_path_sync_parent(top, err);
    free(top);
    free(inner);
    free(note);
    return status;
}

static enum ot_status make(const char *path, bool create, struct ot_error *err)
{
    char *base = existing_parent(path), *unfinished = NULL;
    enum ot_status status = OT_OK;
    int fd = -1;

    if (base == NULL ||
        asprintf(&unfinished, "%s/" UNFINISHED, strcmp(base, "/") != 0 ? base : "") < 0) {
        free(base);
        return ot_error_nomem(err);
    }
    fd = lock_dir(base, LOCK_EX);
    if (fd >= 0 && access(path, F_OK) != 0) {
        reap_unfinished(base);
        if (create && mkdtemp(unfinished) == NULL)
            status = ot_error_errno(err, OT_E_IO, errno,
                                    "cannot make %s, where what was there before is kept",
                                    path);
        else if (create)
            status = make_whole(path, base, unfinished, err);
    }
    if (fd >= 0)
        close(fd);
    else
        status = ot_error_errno(err, OT_E_IO, errno, "cannot lock %s", base);
    free(base);
    free(unfinished);
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
        dir->fd = lock_dir(path, LOCK_EX | LOCK_NB);
        if (dir->fd >= 0 && is_at(dir->fd, path))
            return OT_OK;
        if (dir->fd >= 0) {
            close(dir->fd);
            dir->fd = -1;
        } else if (errno == EWOULDBLOCK) {
            return ot_error_set(err, OT_E_BUSY,
                                "another orgtrust install or uninstall is running");
        } else if (errno != ENOENT) {
            return ot_error_errno(err, OT_E_IO, errno, "cannot open %s", path);
        } else {
            enum ot_status status = make(path, create, err);

            if (status != OT_OK || !create)
                return status;
        }
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

/* The outermost directory that was made for it and holds nothing else. */
static char *outermost(const char *path)
{
    struct ot_file_state note;
    char *removed = strdup(path), *file = NULL, *parent;
    bool ignored;

    if (asprintf(&file, "%s/" NOTE, path) < 0)
        return removed;
    if (ot_file_state_read(&note, file, OT_EDITED_BYTES_MAX, NULL) != OT_OK)
        note = (struct ot_file_state){.kind = OT_FILE_ABSENT};
    free(file);
    while (removed != NULL && note.kind == OT_FILE_REGULAR &&
           strlen(removed) > note.len && strncmp(removed, note.data, note.len) == 0) {
        parent = ot_path_parent(removed);
        if (parent == NULL || count_entries(parent, &ignored) != 1) {
            free(parent);
            break;
        }
        free(removed);
        removed = parent;
    }
    ot_file_state_clear(&note);
    return removed;
}

/* Out of sight in one step, then away: killed in between, the next one reaps it. */
static void remove_dir(const char *path)
{
    char *top = outermost(path), *base = top == NULL ? NULL : ot_path_parent(top);
    char *unfinished = NULL;
    int fd = base == NULL ? -1 : lock_dir(base, LOCK_EX);

    if (fd >= 0 && asprintf(&unfinished, "%s/" UNFINISHED,
                            strcmp(base, "/") != 0 ? base : "") >= 0) {
        reap_unfinished(base);
        if (mkdtemp(unfinished) != NULL) {
            if (rename(top, unfinished) == 0)
                ot_path_remove_tree(unfinished);
            else
                rmdir(unfinished);
        }
        free(unfinished);
    }
    if (fd >= 0)
        close(fd);
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
