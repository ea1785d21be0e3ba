/* Where a source's files lie, and which files may be trusted. */
#ifndef OT_CACHE_PATH_H
#define OT_CACHE_PATH_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "cache/config.h"
#include "cache/error.h"

/* Files of a source in its cache_dir: NAME.snapshot, NAME.state and so on. */
#define OT_PATH_SNAPSHOT "snapshot"
#define OT_PATH_PARTIAL "partial"
#define OT_PATH_STATE "state"
#define OT_PATH_OFFLINE "offline"
#define OT_PATH_LOCK "lock"

/* cache_dir/NAME.kind into buf (PATH_MAX bytes); OT_E_CONFIG when it is too long. */
enum ot_status ot_path_of(char *buf, const struct ot_source *source, const char *kind,
                          struct ot_error *err);

/* What a snapshot must say of itself to belong to a source: base URL, then the project or
 * the organization. A string that the caller frees; NULL: out of memory. */
char *ot_path_scope(const struct ot_source *source);

/* OT_E_SCOPE, with what a snapshot says of itself and what it should say; both are scopes
 * of that form, found has len bytes. */
enum ot_status ot_path_other_scope(struct ot_error *err, const char *found, size_t len,
                                   const char *wanted);

/* Opens for reading what must be a regular file, not through a link in its last component
 * (O_NOFOLLOW, O_NONBLOCK, O_CLOEXEC), owned by root or the effective user, writable by
 * nobody else, at most max_bytes long; its directory likewise (a sticky world-writable
 * one is not enough). Absent: OT_E_NOT_FOUND. Else OT_E_UNSAFE or OT_E_IO with the reason
 * and the command that mends it. *fd is the caller's to close. */
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

/* The rule for owner and mode, of files and directories alike. */
enum ot_status ot_path_check_owner(const struct stat *st, const char *path,
                                   struct ot_error *err);

/* Whether this process runs with more rights than its user (AT_SECURE). */
bool ot_path_is_secure_mode(void);

/* getenv for everybody: NULL in secure mode and for an empty value. */
const char *ot_path_env(const char *name);

#endif
