#include "fetch/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache/write_all.h"

/* Length of a path's directory part, 0 when it has none. */
static size_t dir_len(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
}

/* The directory part, "." when there is none; the caller frees it. */
static char *dir_of(const char *path)
{
    size_t len = dir_len(path);

    return len == 0 ? strdup(".") : strndup(path, len);
}

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

static enum ot_status fail(const struct ot_file *file, const char *what,
                           struct ot_error *err)
{
    int errnum = errno;

    if (errnum == ENOSPC || errnum == EDQUOT)
        return ot_error_errno(
            err, OT_E_NO_SPACE, errnum,
            "cannot write %s (%s); nothing was changed, free some space", file->path,
            what);
    return ot_error_errno(err, OT_E_IO, errnum,
                          "cannot write %s (%s); nothing was changed", file->path, what);
}

enum ot_status ot_file_begin(struct ot_file *file, const char *path, mode_t mode,
                             struct ot_error *err)
{
    enum ot_status status;
    char *dir = dir_of(path);

    *file = (struct ot_file){-1, strdup(path), NULL};
    if (dir == NULL || file->path == NULL ||
        asprintf(&file->temporary, "%s/.%s.XXXXXX.tmp", dir, base_of(path)) < 0) {
        file->temporary = NULL;
        status = ot_error_nomem(err);
        goto err;
    }
    file->fd = mkostemps(file->temporary, 4, O_CLOEXEC);
    if (file->fd < 0) {
        status = ot_error_errno(
            err, OT_E_IO, errno,
            "cannot create a file in %s; make it writable for this user", dir);
        free(file->temporary);
        file->temporary = NULL;
        goto err;
    }
    /* Not left to the umask: other users' programs read what root syncs. */
    if (fchmod(file->fd, mode) != 0) {
        status = fail(file, "chmod", err);
        goto err;
    }
    free(dir);
    return OT_OK;
err:
    free(dir);
    ot_file_abort(file);
    return status;
}

enum ot_status ot_file_write(struct ot_file *file, const void *data, size_t len,
                             struct ot_error *err)
{
    return ot_write_all(file->fd, data, len) ? OT_OK : fail(file, "write", err);
}

enum ot_status ot_file_sync_dir(const char *path, struct ot_error *err)
{
    char *dir = dir_of(path);
    enum ot_status status = OT_OK;
    int fd;

    if (dir == NULL)
        return ot_error_nomem(err);
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(dir);
    if (fd < 0)
        return ot_error_errno(err, OT_E_IO, errno, "cannot open the directory of %s",
                              path);
    /* EINVAL: a file system that has nothing to sync for a directory. */
    if (fsync(fd) != 0 && errno != EINVAL)
        status =
            ot_error_errno(err, OT_E_IO, errno, "cannot fsync the directory of %s", path);
    close(fd);
    return status;
}

enum ot_status ot_file_put(struct ot_file *file, struct ot_error *err)
{
    enum ot_status status = OT_OK;
    int fd = file->fd;

    if (fsync(fd) != 0)
        status = fail(file, "fsync", err);
    file->fd = -1;
    if (close(fd) != 0 && status == OT_OK)
        status = fail(file, "close", err);
    if (status == OT_OK && rename(file->temporary, file->path) != 0)
        status = fail(file, "rename", err);
    if (status != OT_OK) {
        ot_file_abort(file);
        return status;
    }
    free(file->temporary);
    file->temporary = NULL;
    return OT_OK;
}

enum ot_status ot_file_commit(struct ot_file *file, struct ot_error *err)
{
    enum ot_status status = ot_file_put(file, err);

    if (status != OT_OK)
        return status;
    status = ot_file_sync_dir(file->path, err);
    ot_file_abort(file);
    return status;
}

void ot_file_abort(struct ot_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    if (file->temporary != NULL)
        unlink(file->temporary);
    free(file->temporary);
    free(file->path);
    *file = (struct ot_file){-1, NULL, NULL};
}

enum ot_status ot_file_replace(const char *path, const void *data, size_t len,
                               mode_t mode, struct ot_error *err)
{
    struct ot_file file;
    enum ot_status status = ot_file_begin(&file, path, mode, err);

    if (status != OT_OK)
        return status;
    status = ot_file_write(&file, data, len, err);
    if (status != OT_OK) {
        ot_file_abort(&file);
        return status;
    }
    return ot_file_commit(&file, err);
}

/* ".NAME.XXXXXX.tmp", nothing else. */
static int is_temporary(const char *entry, const char *name)
{
    size_t len = strlen(name);

    return entry[0] == '.' && strncmp(entry + 1, name, len) == 0 &&
           entry[1 + len] == '.' && strlen(entry) == len + 12 &&
           strcmp(entry + len + 8, ".tmp") == 0;
}

void ot_file_reap(const char *path)
{
    char *dir = dir_of(path);
    DIR *entries = dir == NULL ? NULL : opendir(dir);
    const struct dirent *entry;

    free(dir);
    if (entries == NULL)
        return;
    while ((entry = readdir(entries)) != NULL)
        if (is_temporary(entry->d_name, base_of(path)))
            unlinkat(dirfd(entries), entry->d_name, 0);
    closedir(entries);
}

enum ot_status ot_file_make_dir(const char *path, struct ot_error *err)
{
    mode_t mode = geteuid() == 0 ? 0755 : 0700;
    char *copy = strdup(path), *at;
    enum ot_status status = OT_OK;
    char kept;

    if (copy == NULL)
        return ot_error_nomem(err);
    for (at = copy + 1; status == OT_OK; at++) {
        if (*at != '/' && *at != '\0')
            continue;
        kept = *at;
        *at = '\0';
        if (mkdir(copy, mode) == 0) {
            if (chmod(copy, mode) != 0)
                status = ot_error_errno(err, OT_E_IO, errno, "cannot chmod %s", copy);
        } else if (errno != EEXIST) {
            status = ot_error_errno(err, OT_E_IO, errno, "cannot create the directory %s",
                                    copy);
        }
        *at = kept;
        if (kept == '\0')
            break;
    }
    free(copy);
    return status;
}
