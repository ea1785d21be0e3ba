#include "files/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "files/place.h"
#include "files/write_all.h"

#define RANDOM_LEN 6
#define TEMPORARY_END ".XXXXXX.tmp"

/* Nobody else, until all of it is there: what it will hold may be for fewer than could
 * read a file of the usual mode. */
#define UNFINISHED_MODE 0600
#define NAME_TRIES 16

static bool is_full(int errnum)
{
    return errnum == ENOSPC || errnum == EDQUOT;
}

static enum ot_status fail_to_write(const struct ot_file *file, const char *what,
                                    struct ot_error *err)
{
    int errnum = errno;

    if (is_full(errnum))
        return ot_error_errno(
            err, OT_E_NO_SPACE, errnum,
            "cannot write %s (%s); nothing was changed, free some space", file->path,
            what);
    return ot_error_errno(err, OT_E_IO, errnum,
                          "cannot write %s (%s); nothing was changed", file->path, what);
}

static bool make_random_name(char to[RANDOM_LEN])
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    unsigned char bytes[RANDOM_LEN];

    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
        return false;
    for (size_t i = 0; i < RANDOM_LEN; i++)
        to[i] = letters[bytes[i] % (sizeof(letters) - 1)];
    return true;
}

static int create_temporary(struct ot_file *file)
{
    char *random = file->temporary + strlen(file->name) + 2;
    int fd = -1;

    for (int tries = 0; fd < 0 && tries < NAME_TRIES; tries++) {
        if (!make_random_name(random))
            return -1;
        fd = openat(file->dir, file->temporary,
                    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, UNFINISHED_MODE);
        if (fd < 0 && errno != EEXIST)
            return -1;
    }
    return fd;
}

/* file->dir is there; path, which is taken over, may be NULL: out of memory. */
static enum ot_status begin_file(struct ot_file *file, char *path, mode_t mode,
                                 struct ot_error *err)
{
    const char *slash = path == NULL ? NULL : strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    char *temporary = NULL;
    enum ot_status status;

    if (path == NULL || asprintf(&temporary, ".%s" TEMPORARY_END, name) < 0)
        temporary = NULL;
    *file = (struct ot_file){-1, file->dir, path, name, temporary, mode};
    if (temporary == NULL) {
        ot_file_abort(file);
        return ot_error_nomem(err);
    }
    file->fd = create_temporary(file);
    if (file->fd >= 0)
        return OT_OK;
    status = is_full(errno)
                 ? fail_to_write(file, "create", err)
                 : ot_error_errno(err, OT_E_IO, errno,
                                  "cannot create a file in the directory of %s; make it "
                                  "writable for this user",
                                  path);
    file->temporary = NULL;
    free(temporary);
    ot_file_abort(file);
    return status;
}

static enum ot_status begin_in_place(struct ot_file *file, const char *path, mode_t mode,
                                     bool is_named, struct ot_error *err)
{
    struct ot_place place;
    enum ot_status status = ot_place_open(&place, path, is_named, err);

    *file = (struct ot_file){.fd = -1, .dir = place.dir};
    if (status == OT_E_NOT_FOUND)
        return ot_error_errno(err, OT_E_IO, ENOENT, "cannot create %s", path);
    if (status != OT_OK)
        return status;
    return begin_file(file, strdup(path), mode, err);
}

enum ot_status ot_file_begin(struct ot_file *file, const char *path, mode_t mode,
                             struct ot_error *err)
{
    return begin_in_place(file, path, mode, false, err);
}

enum ot_status ot_file_begin_named(struct ot_file *file, const char *path, mode_t mode,
                                   struct ot_error *err)
{
    return begin_in_place(file, path, mode, true, err);
}

static enum ot_status begin_at(struct ot_file *file, int dir, const char *path,
                               const char *name, mode_t mode, struct ot_error *err)
{
    char *whole = NULL;

    *file = (struct ot_file){.fd = -1, .dir = fcntl(dir, F_DUPFD_CLOEXEC, 0)};
    if (file->dir < 0)
        return ot_error_errno(err, OT_E_IO, errno, "cannot create a file in %s", path);
    if (asprintf(&whole, "%s/%s", path, name) < 0)
        whole = NULL;
    return begin_file(file, whole, mode, err);
}

enum ot_status ot_file_write(struct ot_file *file, const void *data, size_t len,
                             struct ot_error *err)
{
    return ot_write_all(file->fd, data, len) ? OT_OK : fail_to_write(file, "write", err);
}

enum ot_status ot_dir_sync(int dir, const char *path, struct ot_error *err)
{
    enum ot_status status = OT_OK;
    int fd = ot_dir_reopen(dir);

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

static enum ot_status put_in_place(struct ot_file *file, bool is_synced,
                                   struct ot_error *err)
{
    enum ot_status status = OT_OK;
    int fd = file->fd;

    /* Not left to the umask: other users' programs read what root syncs. */
    if (fchmod(fd, file->mode) != 0)
        status = fail_to_write(file, "chmod", err);
    if (status == OT_OK && is_synced && fsync(fd) != 0)
        status = fail_to_write(file, "fsync", err);
    file->fd = -1;
    if (close(fd) != 0 && status == OT_OK)
        status = fail_to_write(file, "close", err);
    if (status == OT_OK &&
        renameat(file->dir, file->temporary, file->dir, file->name) != 0)
        status = fail_to_write(file, "rename", err);
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
    enum ot_status status = put_in_place(file, true, err);

    if (status != OT_OK)
        return status;
    status = ot_dir_sync(file->dir, file->path, err);
    ot_file_abort(file);
    return status;
}

void ot_file_abort(struct ot_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    if (file->temporary != NULL)
        unlinkat(file->dir, file->temporary, 0);
    if (file->dir >= 0)
        close(file->dir);
    free(file->temporary);
    free(file->path);
    *file = (struct ot_file){.fd = -1, .dir = -1};
}

/* What outlives a crash of the machine. */
enum durability { NOTHING_YET, CONTENT, CONTENT_AND_NAME };

/* From the beginning of a file to its end. */
static enum ot_status write_whole(struct ot_file *file, const void *data, size_t len,
                                  enum durability durability, struct ot_error *err)
{
    enum ot_status status = ot_file_write(file, data, len, err);

    if (status == OT_OK)
        status = put_in_place(file, durability != NOTHING_YET, err);
    if (status == OT_OK && durability == CONTENT_AND_NAME)
        status = ot_dir_sync(file->dir, file->path, err);
    ot_file_abort(file);
    return status;
}

enum ot_status ot_file_replace(const char *path, const void *data, size_t len,
                               mode_t mode, struct ot_error *err)
{
    struct ot_file file;
    enum ot_status status = ot_file_begin(&file, path, mode, err);

    return status == OT_OK ? write_whole(&file, data, len, CONTENT_AND_NAME, err)
                           : status;
}

enum ot_status ot_file_replace_soon(const char *path, const void *data, size_t len,
                                    mode_t mode, struct ot_error *err)
{
    struct ot_file file;
    enum ot_status status = ot_file_begin(&file, path, mode, err);

    return status == OT_OK ? write_whole(&file, data, len, NOTHING_YET, err) : status;
}

enum ot_status ot_file_put_at(int dir, const char *path, const char *name,
                              const void *data, size_t len, mode_t mode,
                              struct ot_error *err)
{
    struct ot_file file;
    enum ot_status status = begin_at(&file, dir, path, name, mode, err);

    return status == OT_OK ? write_whole(&file, data, len, CONTENT, err) : status;
}

enum ot_status ot_file_remove_at(int dir, const char *path, const char *name,
                                 struct ot_error *err)
{
    struct stat st;

    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(st.st_mode))
        return ot_error_set(err, OT_E_UNSAFE,
                            "%s: %s is not a regular file, so it is none of orgtrust's: "
                            "remove it",
                            path, name);
    if (unlinkat(dir, name, 0) != 0 && errno != ENOENT)
        return ot_error_errno(err, OT_E_IO, errno, "%s: cannot remove %s", path, name);
    return OT_OK;
}

enum ot_status ot_file_remove(const char *path, struct ot_error *err)
{
    struct ot_place place;
    enum ot_status status = ot_place_open(&place, path, false, err);

    if (status == OT_E_NOT_FOUND) {
        ot_error_clear(err);
        return OT_OK;
    }
    if (status == OT_OK)
        status = ot_file_remove_at(place.dir, path, place.name, err);
    ot_place_close(&place);
    return status;
}

size_t ot_file_temporary_of(const char *entry)
{
    const size_t len = strlen(entry), around = strlen("." TEMPORARY_END);

    if (len <= around || entry[0] != '.' || entry[len - strlen(TEMPORARY_END)] != '.' ||
        strcmp(entry + len - strlen(".tmp"), ".tmp") != 0)
        return 0;
    return len - around;
}

static bool is_temporary_of(const char *entry, const char *name)
{
    const size_t len = ot_file_temporary_of(entry);

    return len > 0 && len == strlen(name) && memcmp(entry + 1, name, len) == 0;
}

void ot_file_reap(const char *path)
{
    struct ot_place place;
    const struct dirent *entry;
    struct stat st;
    DIR *entries = NULL;
    int fd;

    if (ot_place_open(&place, path, false, NULL) != OT_OK)
        return;
    fd = ot_dir_reopen(place.dir);
    if (fd >= 0 && (entries = fdopendir(fd)) == NULL)
        close(fd);
    while (entries != NULL && (entry = readdir(entries)) != NULL)
        if (is_temporary_of(entry->d_name, place.name) &&
            fstatat(place.dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(st.st_mode))
            unlinkat(place.dir, entry->d_name, 0);
    if (entries != NULL)
        closedir(entries);
    ot_place_close(&place);
}

enum ot_status ot_file_make_dir(const char *path, struct ot_error *err)
{
    int fd;
    enum ot_status status = ot_dir_make(&fd, 0, path, err);

    if (fd >= 0)
        close(fd);
    return status;
}
