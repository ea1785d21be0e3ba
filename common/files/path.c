#include "files/path.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/environment.h"
#include "files/private_group_internal.h"

static int open_retrying(int dir, const char *path, int flags)
{
    int fd;

    do
        fd = openat(dir, path, flags | O_CLOEXEC);
    while (fd < 0 && errno == EINTR);
    return fd;
}

/* sudo and su may keep the HOME of who calls them: root then looks at that user's files.
 */
static bool is_in_kept_home(const char *path, uid_t owner)
{
    const char *home = ot_env_get("HOME");
    size_t len = home != NULL ? strlen(home) : 0;
    struct stat st;

    return geteuid() == 0 && len > 1 && strncmp(path, home, len) == 0 &&
           (path[len] == '/' || path[len] == '\0') && stat(home, &st) == 0 &&
           st.st_uid == owner;
}

static enum ot_status foreign_owner(const struct stat *st, const char *path,
                                    struct ot_error *err)
{
    unsigned long owner = st->st_uid, self = geteuid();

    if (is_in_kept_home(path, st->st_uid))
        return ot_error_set(
            err, OT_E_UNSAFE,
            "%s belongs to user %lu, and so does HOME (%s), while this is "
            "root: run it with sudo -H, so that HOME is root's own",
            path, owner, ot_env_get("HOME"));
    return ot_error_set(
        err, OT_E_UNSAFE,
        "%s belongs to user %lu, not to root or to this user (%lu), who "
        "could change it: look whether its content is right; run: %schown %lu '%s'",
        path, owner, self, self != 0 ? "sudo " : "", self, path);
}

enum ot_status ot_path_check_owner(int fd, const struct stat *st, const char *path,
                                   struct ot_error *err)
{
    bool others = (st->st_mode & S_IWOTH) != 0;

    if (st->st_uid != 0 && st->st_uid != geteuid())
        return foreign_owner(st, path, err);
    if (!others && ((st->st_mode & S_IWGRP) == 0 || ot_group_is_private(fd, st)))
        return OT_OK;
    return ot_error_set(err, OT_E_UNSAFE,
                        "%s can be written by others (mode %04o%s): look whether its "
                        "content is right; run: chmod go-w '%s'",
                        path, (unsigned)(st->st_mode & 07777),
                        others ? "" : ", as a umask of 002 makes it", path);
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
    return ot_path_check_owner(fd, &st, path, err);
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
static enum ot_status open_safe_dir(int *dir, const char *path, struct ot_error *err)
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
        status = ot_path_check_owner(fd, &st, path, err);
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
    enum ot_status status = open_safe_dir(&dir, path, err);

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
    status = open_safe_dir(&dir, parent, err);
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
