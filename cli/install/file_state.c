#include "install/file_state_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/hex.h"
#include "files/file.h"
#include "files/place.h"
#include "files/read_all.h"

#define NEW_FILE_MODE 0644

const char *const ot_file_kind_words[] = {
    [OT_FILE_ABSENT] = "absent", [OT_FILE_REGULAR] = "file", [OT_FILE_LINK] = "link"};

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

enum ot_status ot_file_state_digest(char hex[OT_DIGEST_HEX_LEN + 1],
                                    const struct ot_file_state *state,
                                    struct ot_error *err)
{
    const char *kind = ot_file_kind_words[state->kind];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    bool done = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
                EVP_DigestUpdate(ctx, kind, strlen(kind) + 1) == 1 &&
                EVP_DigestUpdate(ctx, state->data, state->len) == 1 &&
                EVP_DigestFinal_ex(ctx, digest, &len) == 1;

    EVP_MD_CTX_free(ctx);
    if (!done)
        return ot_error_set(err, OT_E_INTERNAL, "OpenSSL made no SHA-256");
    ot_hex_write(hex, digest, len);
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

static enum ot_status read_content(struct ot_file_state *state, int fd, size_t size,
                                   const char *path, struct ot_error *err)
{
    ssize_t len;

    state->data = malloc(size + 2); /* one more, to see a file that grows; and a NUL */
    if (state->data == NULL)
        return ot_error_nomem(err);
    len = ot_read_all(fd, state->data, size + 1);
    if (len < 0)
        return ot_error_errno(err, OT_E_IO, errno, "cannot read %s", path);
    if ((size_t)len > size)
        return ot_error_set(err, OT_E_BUSY, "%s is being written; try again", path);
    state->data[len] = '\0';
    state->len = (size_t)len;
    return OT_OK;
}

static enum ot_status read_regular_file(struct ot_file_state *state, const char *path,
                                        size_t max, struct ot_error *err)
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
        status = read_content(state, fd, (size_t)st.st_size, path, err);
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
                                 : read_regular_file(state, path, max, err);
    if (status != OT_OK)
        ot_file_state_clear(state);
    return status;
}

/* Access lists, security labels: what cannot be copied is what this file system or this
 * user does not have. */
static void copy_attributes(const struct ot_file *file)
{
    char names[4096], value[4096];
    int from = openat(file->dir, file->name,
                      O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    ssize_t len = from < 0 ? 0 : flistxattr(from, names, sizeof(names));

    for (ssize_t at = 0; at < len; at += (ssize_t)strlen(names + at) + 1) {
        ssize_t size = fgetxattr(from, names + at, value, sizeof(value));

        if (size >= 0)
            (void)!fsetxattr(file->fd, names + at, value, (size_t)size, 0);
    }
    if (from >= 0)
        close(from);
}

/* The new file is as the old one but for its content: its mode it gets when it is whole,
 * and after chown, which takes away some bits. */
static enum ot_status keep_owner(struct ot_file *file, const struct stat *old,
                                 struct ot_error *err)
{
    if (fchown(file->fd, old->st_uid, old->st_gid) != 0)
        return ot_error_errno(err, OT_E_IO, errno,
                              "cannot keep the owner of %s; nothing was changed",
                              file->path);
    copy_attributes(file);
    file->mode = old->st_mode & 07777;
    return OT_OK;
}

static enum ot_status put_regular_file(const struct ot_file_state *wanted,
                                       const char *path, struct ot_error *err)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, wanted->mtime};
    struct stat old;
    bool is_new;
    struct ot_file file;
    enum ot_status status;

    ot_file_reap(path);
    status = ot_file_begin(&file, path,
                           wanted->new_mode != 0 ? wanted->new_mode : NEW_FILE_MODE, err);
    if (status != OT_OK)
        return status;
    is_new = fstatat(file.dir, file.name, &old, AT_SYMLINK_NOFOLLOW) != 0;
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

static enum ot_status put_link(const struct ot_file_state *wanted, const char *path,
                               struct ot_error *err)
{
    struct ot_place place;
    enum ot_status status = ot_place_open(&place, path, false, err);

    if (status == OT_OK && symlinkat(wanted->data, place.dir, place.name) != 0)
        status = ot_error_errno(err, OT_E_IO, errno, "cannot make the link %s", path);
    if (status == OT_OK)
        status = ot_dir_sync(place.dir, path, err);
    ot_place_close(&place);
    return status;
}

/* A link may be one of ours, too. */
static enum ot_status put_nothing(const char *path, struct ot_error *err)
{
    struct ot_place place;
    enum ot_status status;

    ot_file_reap(path);
    status = ot_place_open(&place, path, false, err);
    if (status == OT_E_NOT_FOUND) {
        ot_error_clear(err);
        return OT_OK;
    }
    if (status == OT_OK && unlinkat(place.dir, place.name, 0) != 0 && errno != ENOENT)
        status = ot_error_errno(err, OT_E_IO, errno, "cannot remove %s", path);
    if (status == OT_OK)
        status = ot_dir_sync(place.dir, path, err);
    ot_place_close(&place);
    return status;
}

enum ot_status ot_file_state_put(const struct ot_file_state *wanted, const char *path,
                                 struct ot_error *err)
{
    switch (wanted->kind) {
    case OT_FILE_REGULAR:
        return put_regular_file(wanted, path, err);
    case OT_FILE_LINK:
        return put_link(wanted, path, err);
    case OT_FILE_ABSENT:
        break;
    }
    return put_nothing(path, err);
}

char *ot_path_parent(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL)
        return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}
