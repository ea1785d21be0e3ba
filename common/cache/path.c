#include "cache/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

enum ot_status ot_path_of(char *buf, const struct ot_source *source, const char *kind,
                          struct ot_error *err)
{
    int n = snprintf(buf, PATH_MAX, "%s/%s.%s", source->cache_dir, source->name, kind);

    if (n < 0 || n >= PATH_MAX)
        return ot_error_set(err, OT_E_CONFIG,
                            "cache_dir of source '%s' is too long: choose a shorter path",
                            source->name);
    return OT_OK;
}

char *ot_path_scope(const struct ot_source *source)
{
    char *scope = NULL;
    int n = source->project != NULL
                ? asprintf(&scope, "%s project %s", source->base_url, source->project)
                : asprintf(&scope, "%s organization", source->base_url);

    return n < 0 ? NULL : scope;
}

/* "project P" or "the organization", and behind it " of URL" where that matters. */
static void describe_scope(char *buf, size_t size, const char *scope, size_t len,
                           size_t url_len, bool with_url)
{
    size_t at = url_len < len ? url_len + 1 : 0;
    bool is_organization = len - at == strlen("organization") &&
                           memcmp(scope + at, "organization", len - at) == 0;

    snprintf(buf, size, "%s%.*s%s%.*s", is_organization ? "the " : "", (int)(len - at),
             scope + at, with_url && at > 0 ? " of " : "",
             with_url && at > 0 ? (int)url_len : 0, scope);
}

static size_t url_length(const char *scope, size_t len)
{
    const char *blank = memchr(scope, ' ', len);

    return blank == NULL ? len : (size_t)(blank - scope);
}

enum ot_status ot_path_other_scope(struct ot_error *err, const char *found, size_t len,
                                   const char *wanted)
{
    char is[OT_ERROR_MAX / 4], should[OT_ERROR_MAX / 4];
    size_t url = url_length(found, len);
    size_t wanted_len = strlen(wanted), wanted_url = url_length(wanted, wanted_len);
    bool with_url = url != wanted_url || memcmp(found, wanted, url) != 0;

    describe_scope(is, sizeof(is), found, len, url, with_url);
    describe_scope(should, sizeof(should), wanted, wanted_len, wanted_url, with_url);
    return ot_error_set(err, OT_E_SCOPE,
                        "the snapshot is of %s, the configuration says %s", is, should);
}

bool ot_path_is_secure_mode(void)
{
    return getauxval(AT_SECURE) != 0;
}

const char *ot_path_env(const char *name)
{
    const char *value;

    if (ot_path_is_secure_mode())
        return NULL;
    value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

static int open_retrying(int dir, const char *path, int flags)
{
    int fd;

    do
        fd = openat(dir, path, flags | O_CLOEXEC);
    while (fd < 0 && errno == EINTR);
    return fd;
}

enum ot_status ot_path_check_owner(const struct stat *st, const char *path,
                                   struct ot_error *err)
{
    uid_t self = geteuid();

    if (st->st_uid != 0 && st->st_uid != self)
        return ot_error_set(
            err, OT_E_UNSAFE,
            "%s belongs to user %lu, not to root or to this user (%lu), who "
            "could change it: run chown %lu on it if its content is right",
            path, (unsigned long)st->st_uid, (unsigned long)self, (unsigned long)self);
    if (st->st_mode & (S_IWGRP | S_IWOTH))
        return ot_error_set(
            err, OT_E_UNSAFE,
            "%s can be written by others (mode %04o): run chmod go-w on it if "
            "its content is right",
            path, (unsigned)(st->st_mode & 07777));
    return OT_OK;
}

static enum ot_status check_file(int fd, const char *path, size_t max_bytes,
                                 struct ot_error *err)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return ot_error_errno(err, OT_E_IO, errno, "cannot examine %s", path);
    if (!S_ISREG(st.st_mode))
        return ot_error_set(err, OT_E_UNSAFE,
                            "%s is not a regular file: remove it, or name another", path);
    if (st.st_size < 0 || (unsigned long long)st.st_size > max_bytes)
        return ot_error_set(
            err, OT_E_UNSAFE,
            "%s has %lld bytes, more than the %zu that such a file may have: "
            "remove it, or name another",
            path, (long long)st.st_size, max_bytes);
    return ot_path_check_owner(&st, path, err);
}

/* Why a file could not be opened. */
static enum ot_status open_failed(int errnum, const char *path, struct ot_error *err)
{
    switch (errnum) {
    case ENOENT:
    case ENOTDIR:
        return ot_error_set(err, OT_E_NOT_FOUND, "%s does not exist", path);
    case ELOOP:
        return ot_error_set(
            err, OT_E_UNSAFE,
            "%s is a symbolic link, which is not followed here: put the file "
            "itself there",
            path);
    case ENXIO:
        return ot_error_set(err, OT_E_UNSAFE,
                            "%s is not a regular file: remove it, or name another", path);
    default:
        return ot_error_errno(err, OT_E_IO, errnum, "cannot open %s", path);
    }
}

/* O_NONBLOCK: a FIFO must not hold the host. O_NOCTTY: nor a terminal become its own. */
static enum ot_status open_checked(int *fd, int dir, const char *name, int flags,
                                   const char *path, size_t max_bytes,
                                   struct ot_error *err)
{
    enum ot_status status;
    int file = open_retrying(dir, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | flags);

    *fd = -1;
    if (file < 0)
        return open_failed(errno, path, err);
    status = check_file(file, path, max_bytes, err);
    if (status != OT_OK) {
        close(file);
        return status;
    }
    *fd = file;
    return OT_OK;
}

/* A handle of the directory, of use only for reaching what is in it: the file is then
 * opened in the very directory that was checked. */
static enum ot_status open_dir(int *dir, const char *path, struct ot_error *err)
{
    struct stat st;
    enum ot_status status = OT_OK;
    int fd = open_retrying(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_NOFOLLOW);

    *dir = -1;
    if (fd < 0 && errno == ENOTDIR && lstat(path, &st) == 0)
        return ot_error_set(
            err, OT_E_UNSAFE,
            S_ISLNK(st.st_mode)
                ? "%s is a symbolic link, which is not followed here: name "
                  "the directory itself"
                : "%s is not a directory: remove it, or name another",
            path);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return ot_error_set(err, OT_E_NOT_FOUND, "the directory %s does not exist", path);
    if (fd < 0)
        return ot_error_errno(err, OT_E_IO, errno, "cannot open the directory %s", path);
    if (fstat(fd, &st) != 0)
        status = ot_error_errno(err, OT_E_IO, errno, "cannot examine %s", path);
    if (status == OT_OK)
        status = ot_path_check_owner(&st, path, err);
    if (status != OT_OK) {
        close(fd);
        return status;
    }
    *dir = fd;
    return OT_OK;
}

enum ot_status ot_path_check_dir(const char *path, struct ot_error *err)
{
    int dir;
    enum ot_status status = open_dir(&dir, path, err);

    if (dir >= 0)
        close(dir);
    return status;
}

enum ot_status ot_path_open(int *fd, const char *path, size_t max_bytes,
                            struct ot_error *err)
{
    char parent[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - path);
    enum ot_status status;
    int dir;

    *fd = -1;
    while (len > 1 &&
           path[len - 1] == '/') /* with a slash behind it a link is followed */
        len--;
    if (len >= sizeof(parent))
        return ot_error_errno(err, OT_E_IO, ENAMETOOLONG, "cannot open %s", path);
    memcpy(parent, path, len);
    parent[len] = '\0';
    if (len == 0)
        memcpy(parent, slash == NULL ? "." : "/", 2);
    status = open_dir(&dir, parent, err);
    if (status != OT_OK)
        return status;
    status = open_checked(fd, dir, slash == NULL ? path : slash + 1, O_NOFOLLOW, path,
                          max_bytes, err);
    close(dir);
    return status;
}

enum ot_status ot_path_open_at(int *fd, int dir, const char *name, const char *path,
                               size_t max_bytes, struct ot_error *err)
{
    return open_checked(fd, dir, name, O_NOFOLLOW, path, max_bytes, err);
}

enum ot_status ot_path_open_named(int *fd, const char *path, size_t max_bytes,
                                  struct ot_error *err)
{
    return open_checked(fd, AT_FDCWD, path, 0, path, max_bytes, err);
}
