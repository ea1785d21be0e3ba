/* Files that are replaced whole or not at all. */
#ifndef OT_FETCH_FILE_H
#define OT_FETCH_FILE_H

#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "cache/error.h"

/* A file being made beside its target: .NAME.XXXXXX.tmp in the same directory. */
struct ot_file {
    int fd;
    char *path; /* of the target */
    char *temporary;
};

/* OT_E_IO names the path and what to do; OT_E_NO_SPACE where the disk or quota is full.
 */
enum ot_status ot_file_begin(struct ot_file *file, const char *path, mode_t mode,
                             struct ot_error *err);
enum ot_status ot_file_write(struct ot_file *file, const void *data, size_t len,
                             struct ot_error *err);
/* fsync, close, rename, fsync of the directory. On failure the target is what it was and
 * the temporary file is gone. */
enum ot_status ot_file_commit(struct ot_file *file, struct ot_error *err);
void ot_file_abort(struct ot_file *file); /* after commit: does nothing */

/* ot_file_commit in two, for many files in one directory: the file in its place, the
 * object to be ended by ot_file_abort; and, after the last, the directory's fsync. */
enum ot_status ot_file_put(struct ot_file *file, struct ot_error *err);
enum ot_status ot_file_sync_dir(const char *path, struct ot_error *err);

/* All four in one. */
enum ot_status ot_file_replace(const char *path, const void *data, size_t len,
                               mode_t mode, struct ot_error *err);

/* Removes temporary files of dead processes beside path. The caller holds the lock. */
void ot_file_reap(const char *path);

/* Makes a directory and its parents, as ours to keep: 0755 for root, else 0700. */
enum ot_status ot_file_make_dir(const char *path, struct ot_error *err);

#endif
