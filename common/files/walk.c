#include "files/walk_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files/path.h"
#include "files/private_group_internal.h"

#define LINKS_MAX 40 /* as the kernel's own walk */

/* Debian's policy, 9.1.2: what is below /usr/local may be writable by this group, whose
 * members are as good as root. */
#define LOCAL "/usr/local"
#define STAFF_GROUP 50

enum ot_status ot_walk_too_long(const struct ot_walk *walk, struct ot_error *err)
{
    return ot_error_errno(err, OT_E_IO, ENAMETOOLONG, "cannot reach %s", walk->path);
}

bool ot_walk_is_last(const struct ot_walk *walk)
{
    return walk->rest[strspn(walk->rest, "/")] == '\0';
}

static bool is_trusted(const struct ot_walk *walk, uid_t owner)
{
    return owner == 0 || owner == geteuid() || owner == walk->top;
}

/* What others may write that they could not use to put something else there. */
static bool is_writable_by_others(const struct ot_walk *walk, int fd,
                                  const struct stat *st)
{
    bool group = (st->st_mode & S_IWGRP) != 0;

    if (group && st->st_uid == 0 && st->st_gid == STAFF_GROUP &&
        strncmp(walk->at, LOCAL, strlen(LOCAL)) == 0)
        group = false;
    if (group && ot_group_is_private(fd, st))
        group = false;
    return group || (st->st_mode & S_IWOTH) != 0;
}

/* A volume that containers share, such as an emptyDir of Kubernetes', is open to all at
 * its top. As in a sticky directory the next component has to be ours, and nobody can
 * move one of ours there: that needs the right to write to it. */
static bool is_top_of_volume(int fd)
{
    struct statx st;

    return statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &st) == 0 &&
           (st.stx_attributes_mask & st.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

/* A directory on the way, or the last one; walk->at is its path. */
static enum ot_status check_dir_on_way(const struct ot_walk *walk, int fd,
                                       const struct stat *st, struct ot_error *err)
{
    const char *at = walk->at[0] != '\0' ? walk->at : "/";
    bool is_foreign = !is_trusted(walk, st->st_uid);

    if (!is_foreign && ((st->st_mode & S_ISVTX) != 0 ||
                        !is_writable_by_others(walk, fd, st) || is_top_of_volume(fd)))
        return OT_OK;
    if (ot_walk_is_last(walk))
        return ot_path_check_owner(fd, st, at, err);
    if (is_foreign)
        return ot_error_set(
            err, OT_E_UNSAFE,
            "%s, which leads to %s, belongs to user %lu, who could put something else in "
            "its place: name a place that only root or this user (%lu) can change",
            at, walk->path, (unsigned long)st->st_uid, (unsigned long)geteuid());
    return ot_error_set(
        err, OT_E_UNSAFE,
        "%s, which leads to %s, can be written by others (mode %04o), who could put "
        "something else in its place: name another place, or mend this one; run: chmod "
        "go-w '%s'",
        at, walk->path, (unsigned)(st->st_mode & 07777), at);
}

/* dir becomes the directory of this descriptor, which is taken over. */
static enum ot_status enter_dir(struct ot_walk *walk, int fd, struct ot_error *err)
{
    struct stat st;
    enum ot_status status = OT_OK;

    if (fstat(fd, &st) != 0)
        status = ot_error_errno(err, OT_E_IO, errno, "cannot examine %s", walk->at);
    else
        status = check_dir_on_way(walk, fd, &st, err);
    if (status != OT_OK) {
        close(fd);
        return status;
    }
    if (walk->dir >= 0)
        close(walk->dir);
    walk->dir = fd;
    return OT_OK;
}

static enum ot_status start_at_top(struct ot_walk *walk, struct ot_error *err)
{
    int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct stat st;

    walk->at[0] = '\0';
    if (fd < 0 || fstat(fd, &st) != 0) {
        if (fd >= 0)
            close(fd);
        return ot_error_errno(err, OT_E_IO, errno, "cannot open /");
    }
    walk->top = st.st_uid;
    return enter_dir(walk, fd, err);
}

/* In front of what is still to be walked. */
static enum ot_status prepend_target(struct ot_walk *walk, const char *path,
                                     struct ot_error *err)
{
    char rest[PATH_MAX];
    int n = snprintf(rest, sizeof(rest), "%s/%s", path, walk->rest);

    if (n < 0 || n >= (int)sizeof(rest))
        return ot_walk_too_long(walk, err);
    memcpy(walk->rest, rest, (size_t)n + 1);
    return OT_OK;
}

/* ot_walk_end() it after success and failure. */
enum ot_status ot_walk_begin(struct ot_walk *walk, const char *path, struct ot_error *err)
{
    char cwd[PATH_MAX];
    size_t len = strlen(path);
    enum ot_status status = OT_OK;

    walk->path = path;
    walk->dir = -1;
    if (len >= sizeof(walk->rest))
        return ot_walk_too_long(walk, err);
    memcpy(walk->rest, path, len + 1);
    if (path[0] != '/' && getcwd(cwd, sizeof(cwd)) == NULL)
        return ot_error_errno(err, OT_E_IO, errno, "cannot tell where %s is", path);
    if (path[0] != '/')
        status = prepend_target(walk, cwd, err);
    return status == OT_OK ? start_at_top(walk, err) : status;
}

void ot_walk_end(struct ot_walk *walk)
{
    if (walk->dir >= 0)
        close(walk->dir);
    walk->dir = -1;
}

/* Takes the next component into walk->name; false: there is none. */
enum ot_status ot_walk_next(struct ot_walk *walk, bool *found, struct ot_error *err)
{
    size_t skip, len;

    do {
        skip = strspn(walk->rest, "/");
        len = strcspn(walk->rest + skip, "/");
        if (len > NAME_MAX)
            return ot_walk_too_long(walk, err);
        memcpy(walk->name, walk->rest + skip, len);
        walk->name[len] = '\0';
        memmove(walk->rest, walk->rest + skip + len, strlen(walk->rest + skip + len) + 1);
    } while (strcmp(walk->name, ".") == 0);
    *found = len > 0;
    return OT_OK;
}

/* walk->at with walk->name behind it. */
static enum ot_status append_name(struct ot_walk *walk, struct ot_error *err)
{
    size_t len = strlen(walk->at), more = strlen(walk->name);

    if (len + 1 + more >= sizeof(walk->at))
        return ot_walk_too_long(walk, err);
    walk->at[len] = '/';
    memcpy(walk->at + len + 1, walk->name, more + 1);
    return OT_OK;
}

static void drop_name(struct ot_walk *walk)
{
    char *slash = strrchr(walk->at, '/');

    if (slash != NULL)
        *slash = '\0';
}

enum ot_status ot_walk_up(struct ot_walk *walk, struct ot_error *err)
{
    int fd = openat(walk->dir, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);

    drop_name(walk);
    if (fd < 0)
        return ot_error_errno(err, OT_E_IO, errno, "cannot go up to %s", walk->at);
    return enter_dir(walk, fd, err);
}

/* fd: of the link. */
static enum ot_status follow_link(struct ot_walk *walk, int fd, const struct stat *st,
                                  struct ot_error *err)
{
    char target[PATH_MAX];
    ssize_t len;
    enum ot_status status;

    if (ot_walk_is_last(walk) && walk->last_link == OT_LINK_REFUSED)
        return ot_error_set(err, OT_E_UNSAFE,
                            "%s is a symbolic link, which is not followed here: name the "
                            "directory itself",
                            walk->at);
    if (!is_trusted(walk, st->st_uid))
        return ot_error_set(err, OT_E_UNSAFE,
                            "%s, which leads to %s, is a symbolic link of user %lu, who "
                            "could let it point elsewhere: remove it, or name another "
                            "place",
                            walk->at, walk->path, (unsigned long)st->st_uid);
    len = readlinkat(fd, "", target, sizeof(target) - 1);
    if (len < 0 || (size_t)len == sizeof(target) - 1 || ++walk->links > LINKS_MAX)
        return ot_error_errno(err, OT_E_IO, len < 0 ? errno : ELOOP,
                              "cannot follow the link %s", walk->at);
    target[len] = '\0';
    walk->ends_in_link = walk->ends_in_link || ot_walk_is_last(walk);
    status = prepend_target(walk, target, err);
    if (status != OT_OK)
        return status;
    if (target[0] == '/')
        return start_at_top(walk, err);
    drop_name(walk);
    return OT_OK;
}

static int open_name(const struct ot_walk *walk)
{
    return openat(walk->dir, walk->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

/* Nobody else can take it away again: the directory around it was checked. */
static enum ot_status make_next_dir(const struct ot_walk *walk, int *made,
                                    struct ot_error *err)
{
    mode_t mode = geteuid() == 0 ? 0755 : 0700;
    int fd;

    if (walk->mode != 0)
        mode = walk->mode;
    if (mkdirat(walk->dir, walk->name, mode) != 0) {
        *made = errno == EEXIST ? open_name(walk) : -1;
        return *made >= 0 ? OT_OK
                          : ot_error_errno(err, OT_E_IO, errno,
                                           "cannot create the directory %s", walk->at);
    }
    fd = openat(walk->dir, walk->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    /* Not left to the umask: other users' programs read what root syncs. */
    if (fd < 0 || fchmod(fd, mode) != 0) {
        enum ot_status status =
            ot_error_errno(err, OT_E_IO, errno, "cannot chmod %s", walk->at);

        if (fd >= 0)
            close(fd);
        return status;
    }
    *made = fd;
    return OT_OK;
}

static enum ot_status no_directory(const struct ot_walk *walk, struct ot_error *err)
{
    if (ot_walk_is_last(walk))
        return ot_error_set(err, OT_E_UNSAFE,
                            "%s is not a directory: remove it, or name another",
                            walk->at);
    return ot_error_errno(err, OT_E_IO, ENOTDIR, "cannot reach %s: %s", walk->path,
                          walk->at);
}

/* One component further: a directory is entered, a link put in its place. */
enum ot_status ot_walk_step(struct ot_walk *walk, struct ot_error *err)
{
    struct stat st;
    enum ot_status status = append_name(walk, err);
    int fd = status == OT_OK ? open_name(walk) : -1;

    if (status != OT_OK)
        return status;
    if (fd < 0 && errno == ENOENT && walk->makes &&
        (walk->mode == 0 || ot_walk_is_last(walk)))
        status = make_next_dir(walk, &fd, err);
    else if (fd < 0 && errno == ENOENT)
        status = ot_error_set(err, OT_E_NOT_FOUND, "the directory %s does not exist",
                              walk->at);
    else if (fd < 0)
        status = ot_error_errno(err, OT_E_IO, errno, "cannot open %s", walk->at);
    if (status != OT_OK)
        return status;
    if (fstat(fd, &st) != 0)
        status = ot_error_errno(err, OT_E_IO, errno, "cannot examine %s", walk->at);
    else if (S_ISDIR(st.st_mode))
        return enter_dir(walk, fd, err);
    else
        status = S_ISLNK(st.st_mode) ? follow_link(walk, fd, &st, err)
                                     : no_directory(walk, err);
    close(fd);
    return status;
}

/* The last component, which is to be, or is, a file. *again: it is a link. */
enum ot_status ot_walk_last(struct ot_walk *walk, bool *again, struct ot_error *err)
{
    struct stat st;
    enum ot_status status = append_name(walk, err);
    int fd = status == OT_OK ? open_name(walk) : -1;

    *again = false;
    if (status != OT_OK)
        return status;
    if (fd < 0 && errno == ENOENT)
        return ot_error_set(err, OT_E_NOT_FOUND, "%s does not exist", walk->at);
    if (fd < 0)
        return ot_error_errno(err, OT_E_IO, errno, "cannot open %s", walk->at);
    if (fstat(fd, &st) != 0)
        status = ot_error_errno(err, OT_E_IO, errno, "cannot examine %s", walk->at);
    *again = status == OT_OK && S_ISLNK(st.st_mode);
    if (*again)
        status = follow_link(walk, fd, &st, err);
    close(fd);
    return status;
}

/* The last directory, where something is about to be written: sticky is not enough. */
enum ot_status ot_walk_check_end(const struct ot_walk *walk, struct ot_error *err)
{
    struct stat st;

    if (fstat(walk->dir, &st) != 0)
        return ot_error_errno(err, OT_E_IO, errno, "cannot examine %s", walk->at);
    return is_writable_by_others(walk, walk->dir, &st)
               ? ot_path_check_owner(walk->dir, &st, walk->at[0] != '\0' ? walk->at : "/",
                                     err)
               : OT_OK;
}
