/* Which files may be trusted, and opening them. */
#ifndef OT_FILES_PATH_H
#define OT_FILES_PATH_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/error.h"

/* Opens for reading what must be a regular file, not through a link in its last component
 * (O_NOFOLLOW, O_NONBLOCK, O_CLOEXEC), owned by root or the effective user, writable by
 * nobody else (a user's private group is nobody else), at most max_bytes long; its
 * directory likewise (a sticky world-writable one is not enough). Absent: OT_E_NOT_FOUND.
 * Else OT_E_UNSAFE or OT_E_IO with the reason and the command that mends it. *fd is the
 * caller's to close. */
enum ot_status ot_path_open(int *fd, const char *path, size_t max_bytes,
                            struct ot_error *err);

/* The same for a file that a person named, such as a configuration: a link is followed
 * (that is how Kubernetes mounts them) and the directory is not looked at, so that a file
 * of the user's own in /tmp will do. The file itself must pass all the rest. */
enum ot_status ot_path_open_named(int *fd, const char *path, size_t max_bytes,
                                  struct ot_error *err);

/* The same for a name in a directory that is held and was looked at, which path names. */
enum ot_status ot_path_open_at(int *fd, int dir, const char *name, const char *path,
                               size_t max_bytes, struct ot_error *err);

/* The directory alone, by the same rule. */
enum ot_status ot_path_check_dir(const char *path, struct ot_error *err);

/* The rule for owner and mode of what fd is, of files and directories alike. */
enum ot_status ot_path_check_owner(int fd, const struct stat *st, const char *path,
                                   struct ot_error *err);

#endif
