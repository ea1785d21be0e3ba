#include "install/file_state.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "fetch/file.h"

#define NEW_FILE_MODE 0644

void ot_file_state_clear(struct ot_file_state *state)
{
    free(state->data);
    *state = (struct ot_file_state){.kind = OT_FILE_ABSENT};
}

bool ot_file_state_equal(const struct ot_file_state *a, const struct ot_file_state *b)
{
    return a->kind == b->kind && a->len == b->len &&
           (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

void ot_file_state_set(struct ot_file_state *state, char *data, size_t len)
{
    ot_file_state_clear(state);
    state->kind = OT_FILE_REGULAR;
    state->data = data;
    state->len = len;
    state->mtime.tv_nsec = UTIME_OMIT;
}

enum ot_status ot_file_state_copy(struct ot_file_state *to,
                                  const struct ot_file_state *from, struct ot_error *err)
{
    char *data = malloc(from->len + 1);

    if (data == NULL)
        return ot_error_nomem(err);
    if (from->len > 0)
        memcpy(data, from->data, from->len);
    data[from->len] = '\0';
    ot_file_state_clear(to);
    *to = *from;
    to->data = data;
    return OT_OK;
}

static enum ot_status read_link(struct ot_file_state *state, const char *path,
                                struct ot_error *err)
{
    char target[PATH_MAX];
    ssize_t len = readlink(path, target, sizeof(target));

    if (len < 0 || (size_t)len == sizeof(target))
        return ot_error_errno(err, OT_E_IO, len < 0 ? errno : ENAMETOOLONG,
                              "cannot read the link %s", path);
    state->data = strndup(target, (size_t)len);
    if (state->data == NULL)
        return ot_error_nomem(err);
    state->kind = OT_FILE_LINK;
    state->len = (size_t)len;
    return OT_OK;
}

static enum ot_status read_all(struct ot_file_state *state, int fd, size_t size,
                               const char *path, struct ot_error *err)
{
    size_t len = 0;
    ssize_t n;

    state->data = malloc(size + 2); /* one more, to see a file that grows; and a NUL */
    if (state->data == NULL)
        return ot_error_nomem(err);
    do {
        n = read(fd, state->data + len, size + 1 - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return ot_error_errno(err, OT_E_IO, errno, "cannot read %s", path);
        len += (size_t)n;
    } while (n != 0 && len <= size);
    if (len > size)
        return ot_error_set(err, OT_E_BUSY, "%s is being written; try again", path);
    state->data[len] = '\0';
    state->len = len;
    return OT_OK;
}

static enum ot_status read_file(struct ot_file_state *state, const char *path, size_t max,
                                struct ot_error *err)
{
    enum ot_status status = OT_OK;
    struct stat st;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    if (fd < 0)
        return ot_error_errno(err, OT_E_IO, errno, "cannot open %s", path);
    if (fstat(fd, &st) != 0)
        status = ot_error_errno(err, OT_E_IO, errno, "cannot examine %s", path);
    else if (!S_ISREG(st.st_mode))
        status = ot_error_set(err, OT_E_UNSAFE, "%s is not a regular file", path);
    else if (st.st_nlink > 1)
        status = ot_error_set(err, OT_E_UNSAFE,
                              "%s has other names, hard links, which a new file would "
                              "not have; make it a file of its own",
                              path);
    else if ((size_t)st.st_size > max)
        status =
            ot_error_set(err, OT_E_UNSAFE,
                         "%s has more than %zu bytes, which no such file has", path, max);
    if (status == OT_OK)
        status = read_all(state, fd, (size_t)st.st_size, path, err);
    close(fd);
    state->kind = OT_FILE_REGULAR;
    if (status == OT_OK)
        state->mtime = st.st_mtim;
    return status;
}

enum ot_status ot_file_state_read(struct ot_file_state *state, const char *path,
                                  size_t max, struct ot_error *err)
{
    enum ot_status status;
    struct stat st;

    *state = (struct ot_file_state){.kind = OT_FILE_ABSENT};
    if (lstat(path, &st) != 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return OT_OK;
        return ot_error_errno(err, OT_E_IO, errno, "cannot examine %s", path);
    }
    status = S_ISLNK(st.st_mode) ? read_link(state, path, err)
                                 : read_file(state, path, max, err);
    if (status != OT_OK)
        ot_file_state_clear(state);
    return status;
}

/* Access lists, security labels: what cannot be copied is what this file system or this
 * user does not have. */
static void copy_attributes(int to, const char *path)
{
    char names[4096], value[4096];
    ssize_t len = listxattr(path, names, sizeof(names));

    for (ssize_t at = 0; at < len; at += (ssize_t)strlen(names + at) + 1) {
        ssize_t size = getxattr(path, names + at, value, sizeof(value));

        if (size >= 0)
            (void)!fsetxattr(to, names + at, value, (size_t)size, 0);
    }
}

/* The new file is as the old one but for its content. */
static enum ot_status keep_owner(const struct ot_file *file, const struct stat *old,
                                 struct ot_error *err)
{
    if (fchown(file->fd, old->st_uid, old->st_gid) != 0)
        return ot_error_errno(err, OT_E_IO, errno,
                              "cannot keep the owner of %s; nothing was changed",
                              file->path);
    copy_attributes(file->fd, file->path);
    /* After chown, which takes away some bits. */
    if (fchmod(file->fd, old->st_mode & 07777) != 0)
        return ot_error_errno(err, OT_E_IO, errno,
                              "cannot keep the mode of %s; nothing was changed",
                              file->path);
    return OT_OK;
}

static enum ot_status put_file(const struct ot_file_state *wanted, const char *path,
                               struct ot_error *err)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, wanted->mtime};
    struct stat old;
    bool is_new = lstat(path, &old) != 0;
    struct ot_file file;
    enum ot_status status;

    ot_file_reap(path);
    status = ot_file_begin(&file, path,
                           wanted->new_mode != 0 ? wanted->new_mode : NEW_FILE_MODE, err);
    if (status != OT_OK)
        return status;
    status = ot_file_write(&file, wanted->data, wanted->len, err);
    if (status == OT_OK && !is_new)
        status = keep_owner(&file, &old, err);
    if (status == OT_OK && futimens(file.fd, times) != 0)
        status = ot_error_errno(err, OT_E_IO, errno, "cannot set the time of %s", path);
    if (status != OT_OK) {
        ot_file_abort(&file);
        return status;
    }
    return ot_file_commit(&file, err);
}

enum ot_status ot_file_state_put(const struct ot_file_state *wanted, const char *path,
                                 struct ot_error *err)
{
    switch (wanted->kind) {
    case OT_FILE_REGULAR:
        return put_file(wanted, path, err);
    case OT_FILE_LINK:
        if (symlink(wanted->data, path) != 0)
            return ot_error_errno(err, OT_E_IO, errno, "cannot make the link %s", path);
        break;
    case OT_FILE_ABSENT:
        ot_file_reap(path);
        if (unlink(path) != 0 && errno != ENOENT)
            return ot_error_errno(err, OT_E_IO, errno, "cannot remove %s", path);
        break;
    }
    return ot_path_sync_parent(path, err);
}

char *ot_path_parent(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL)
        return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

enum ot_status ot_path_sync_parent(const char *path, struct ot_error *err)
{
    char *parent = ot_path_parent(path);
    enum ot_status status = OT_OK;
    int fd;

    if (parent == NULL)
        return ot_error_nomem(err);
    fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* EINVAL: a file system that has nothing to sync for a directory. */
    if (fd < 0 || (fsync(fd) != 0 && errno != EINVAL))
        status = ot_error_errno(err, OT_E_IO, errno, "cannot fsync %s", parent);
    if (fd >= 0)
        close(fd);
    free(parent);
    return status;
}

/* The deepest directory of path that exists, resolved, and the rest behind it. */
static enum ot_status follow_parents(char **resolved, const char *path,
                                     struct ot_error *err)
{
    char *existing = strdup(path), *real = NULL;
    enum ot_status status = OT_OK;
    char *slash;

    while (existing != NULL && (slash = strrchr(existing, '/')) != NULL) {
        *(slash == existing ? slash + 1 : slash) = '\0';
        real = realpath(existing, NULL);
        if (real != NULL || errno != ENOENT || slash == existing)
            break;
    }
    if (existing == NULL)
        return ot_error_nomem(err);
    if (real == NULL)
        status = ot_error_errno(err, OT_E_IO, errno, "cannot resolve %s", path);
    else if (asprintf(resolved, "%s%s%s", real, strcmp(real, "/") == 0 ? "" : "/",
                      path + strlen(existing) + (strcmp(existing, "/") != 0)) < 0)
        status = ot_error_nomem(err);
    free(existing);
    free(real);
    return status;
}

enum ot_status ot_path_follow(char **resolved, const char *path, struct ot_error *err)
{
    struct stat st;

    *resolved = realpath(path, NULL);
    if (*resolved != NULL)
        return OT_OK;
    if (errno != ENOENT)
        return ot_error_errno(err, OT_E_IO, errno, "cannot resolve %s", path);
    if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode))
        return ot_error_set(
            err, OT_E_UNSAFE,
            "%s is a symbolic link that points nowhere; mend or remove it", path);
    return follow_parents(resolved, path, err);
}

static int remove_entry(const char *path, const struct stat *st, int kind,
                        struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

void ot_path_remove_tree(const char *path)
{
    nftw(path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}
