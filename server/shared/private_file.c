#include "shared/private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "files/place.h"

static enum ot_status check_kind(const struct stat *st, const char *what,
                                 const char *path, struct ot_error *err)
{
    if (S_ISREG(st->st_mode))
        return OT_OK;
    return ot_error_set(err, OT_E_UNSAFE,
                        "%s %s is not a regular file: remove it, or name another", what,
                        path);
}

static enum ot_status check_private_mode(const struct stat *st, mode_t refused,
                                         const char *what, const char *path,
                                         struct ot_error *err)
{
    if ((st->st_mode & refused) == 0)
        return OT_OK;
    return ot_error_set(
        err, OT_E_UNSAFE,
        "%s %s can be read or written by others (mode %04o): run chmod 600 "
        "on it if its content is right",
        what, path, (unsigned)(st->st_mode & 07777));
}

static enum ot_status another_owner(const struct stat *st, const char *what,
                                    const char *path, struct ot_error *err)
{
    return ot_error_set(
        err, OT_E_UNSAFE,
        "%s %s belongs to user %lu, not to this user (%lu): run chown %lu on "
        "it if its content is right, or run this as that user",
        what, path, (unsigned long)st->st_uid, (unsigned long)geteuid(),
        (unsigned long)geteuid());
}

static enum ot_status check_database(const struct stat *st, const char *path,
                                     struct ot_error *err)
{
    static const char what[] = "the database's file";
    enum ot_status status = check_kind(st, what, path, err);

    if (status == OT_OK && st->st_uid != geteuid())
        status = another_owner(st, what, path, err);
    return status == OT_OK ? check_private_mode(st, S_IRWXG | S_IRWXO, what, path, err)
                           : status;
}

/* What SQLite finds beside its file it believes as much. */
static enum ot_status check_beside(const struct ot_place *place, struct ot_error *err)
{
    static const char *const kinds[] = {"-wal", "-shm", "-journal"};
    enum ot_status status = OT_OK;

    for (size_t i = 0; status == OT_OK && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        char name[NAME_MAX + 16], path[PATH_MAX + 16];
        struct stat st;

        snprintf(name, sizeof(name), "%s%s", place->name, kinds[i]);
        snprintf(path, sizeof(path), "%s%s", place->path, kinds[i]);
        if (fstatat(place->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
            status = check_database(&st, path, err);
    }
    return status;
}

/* Of such a file nobody is told to change the mode or the owner. */
static bool is_no_database(int fd)
{
    static const char sqlite[] = "SQLite format 3"; /* with the zero behind it */
    char head[sizeof(sqlite)];
    ssize_t n = pread(fd, head, sizeof(head), 0);

    return n > 0 &&
           (n < (ssize_t)sizeof(head) || memcmp(head, sqlite, sizeof(head)) != 0);
}

static enum ot_status make_database(const struct ot_place *place, struct ot_error *err)
{
    const int flags = O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW;
    struct stat st;
    int fd = openat(place->dir, place->name, flags | O_CREAT, 0600);
    int errnum = errno;
    enum ot_status status;

    /* Another's or a device's is said to be that, also where it cannot be opened. */
    if (fstatat(place->dir, place->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        status = check_database(&st, place->path, err);
    else
        status = ot_error_errno(err, OT_E_IO, errnum,
                                "cannot open database %s (its directory must be writable "
                                "for this user)",
                                place->path);
    if (status == OT_E_UNSAFE && fd >= 0 && is_no_database(fd))
        status = ot_error_set(
            err, OT_E_CORRUPT,
            "%s is not an orgtrust database: name another file with --db", place->path);
    if (status == OT_OK && fd < 0)
        status =
            ot_error_errno(err, OT_E_IO, errnum, "cannot open database %s", place->path);
    if (fd >= 0)
        close(fd);
    return status;
}

static enum ot_status open_place(struct ot_place *place, char **resolved,
                                 const char *path, bool is_named, enum ot_status absent,
                                 struct ot_error *err)
{
    enum ot_status status = ot_place_resolve(resolved, path, err);

    if (status == OT_OK)
        status = ot_place_open(place, *resolved, is_named, err);
    if (status == OT_E_NOT_FOUND)
        return ot_error_set(
            err, absent,
            "cannot open %s: its directory must exist, and be writable for "
            "this user where the file is to be made",
            path);
    return status;
}

enum ot_status ot_private_database(char **resolved, const char *path,
                                   struct ot_error *err)
{
    struct ot_place place = {.dir = -1};
    enum ot_status status = open_place(&place, resolved, path, false, OT_E_IO, err);

    if (status == OT_OK)
        status = make_database(&place, err);
    if (status == OT_OK)
        status = check_beside(&place, err);
    ot_place_close(&place);
    if (status != OT_OK) {
        free(*resolved);
        *resolved = NULL;
    }
    return status;
}

static enum ot_status check_tls_key(const struct stat *st, const char *path,
                                    struct ot_error *err)
{
    static const char what[] = "the TLS key";
    struct stat top;
    /* In a user namespace, as of a service, nobody is root: then the owner of / is. */
    bool is_roots = st->st_uid == 0 || (stat("/", &top) == 0 && st->st_uid == top.st_uid);
    enum ot_status status = check_kind(st, what, path, err);

    if (status == OT_OK && !is_roots && st->st_uid != geteuid())
        status = another_owner(st, what, path, err);
    if (status == OT_OK)
        status = check_private_mode(st, S_IRWXO | (is_roots ? S_IWGRP : (mode_t)S_IRWXG),
                                    what, path, err);
    return status;
}

enum ot_status ot_private_key(int *fd, const char *path, struct ot_error *err)
{
    struct ot_place place = {.dir = -1};
    char *resolved = NULL;
    struct stat st;
    enum ot_status status = open_place(&place, &resolved, path, true, OT_E_CONFIG, err);

    *fd = -1;
    if (status == OT_OK)
        *fd = openat(place.dir, place.name,
                     O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
    if (status == OT_OK && (*fd < 0 || fstat(*fd, &st) != 0))
        status =
            ot_error_errno(err, OT_E_CONFIG, errno, "cannot read the TLS key %s", path);
    if (status == OT_OK)
        status = check_tls_key(&st, path, err);
    if (status != OT_OK && *fd >= 0) {
        close(*fd);
        *fd = -1;
    }
    ot_place_close(&place);
    free(resolved);
    return status;
}

/* systemd keeps such a directory where its owner alone cannot get to: to see is all that
 * is kept of root's rights. */
static bool keep_sight(void)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0, 0, 0}};

    data[0].effective = data[0].permitted = 1u << CAP_DAC_READ_SEARCH;
    return syscall(SYS_capset, &header, data) == 0;
}

enum ot_status ot_private_become_owner(const char *path, struct ot_error *err)
{
    char parent[PATH_MAX];
    const char *slash = strrchr(path, '/');
    struct stat st;

    snprintf(parent, sizeof(parent), "%.*s", slash != NULL ? (int)(slash - path + 1) : 1,
             slash != NULL ? path : ".");
    if (geteuid() != 0 || stat(parent, &st) != 0 || st.st_uid == 0)
        return OT_OK;
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 || setgroups(0, NULL) != 0 ||
        setresgid(st.st_gid, st.st_gid, st.st_gid) != 0 ||
        setresuid(st.st_uid, st.st_uid, st.st_uid) != 0 || !keep_sight())
        return ot_error_errno(err, OT_E_UNSAFE, errno,
                              "cannot become user %lu, to whom the directory of the "
                              "database %s belongs: run this as that user",
                              (unsigned long)st.st_uid, path);
    return OT_OK;
}

enum ot_status ot_private_become_user(const char *name, struct ot_error *err)
{
    const struct passwd *user = geteuid() == 0 ? getpwnam(name) : NULL;

    if (user == NULL || user->pw_uid == 0)
        return OT_OK;
    if (setgroups(0, NULL) != 0 ||
        setresgid(user->pw_gid, user->pw_gid, user->pw_gid) != 0 ||
        setresuid(user->pw_uid, user->pw_uid, user->pw_uid) != 0)
        return ot_error_errno(err, OT_E_UNSAFE, errno,
                              "cannot become user %s: run this as that user", name);
    return OT_OK;
}
