/* Files that are replaced whole or not at all. */
#ifndef OT_FILES_FILE_H
#define OT_FILES_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/error.h"

/* A file being made beside its target: .NAME.XXXXXX.tmp in the same directory, which is
 * reached as files/place.h says and held. Nobody but its owner can open it before it is
 * whole: only then it gets its mode. */
struct ot_file {
    int fd, dir;
    char *path;       /* of the target */
    const char *name; /* its last component */
    char *temporary;  /* the name in dir; NULL: there is none */
    mode_t mode;      /* that the target gets, whatever the umask */
};

/* OT_E_IO names the path and what to do; OT_E_UNSAFE says who could put something else
 * into the path; OT_E_NO_SPACE where the disk or quota is full. */
enum ot_status ot_file_begin(struct ot_file *file, const char *path, mode_t mode,
                             struct ot_error *err);
/* The same for a path that a person named just now: see ot_place_open. */
enum ot_status ot_file_begin_named(struct ot_file *file, const char *path, mode_t mode,
                                   struct ot_error *err);
enum ot_status ot_file_write(struct ot_file *file, const void *data, size_t len,
                             struct ot_error *err);
/* fsync, close, rename, fsync of the directory. On failure the target is what it was and
 * the temporary file is gone. */
enum ot_status ot_file_commit(struct ot_file *file, struct ot_error *err);
void ot_file_abort(struct ot_file *file); /* after commit: does nothing */

/* For many files in one directory, which was reached already and which path names: each
 * in its place, and, after the last, the directory's fsync. */
enum ot_status ot_file_put_at(int dir, const char *path, const char *name,
                              const void *data, size_t len, mode_t mode,
                              struct ot_error *err);
enum ot_status ot_dir_sync(int dir, const char *path, struct ot_error *err);

/* All four in one. */
enum ot_status ot_file_replace(const char *path, const void *data, size_t len,
                               mode_t mode, struct ot_error *err);

/* The same without fsync, for what can be made anew: after a crash of the machine the
 * file may be the one of before, empty or damaged. */
enum ot_status ot_file_replace_soon(const char *path, const void *data, size_t len,
                                    mode_t mode, struct ot_error *err);

/* Removes the file at path, if one is there. What is no regular file is OT_E_UNSAFE and
 * stays. */
enum ot_status ot_file_remove(const char *path, struct ot_error *err);
enum ot_status ot_file_remove_at(int dir, const char *path, const char *name,
                                 struct ot_error *err);

/* Whether an entry of a directory is named as a file that is being made,
 * .NAME.XXXXXX.tmp: the length of NAME, which begins at entry + 1; 0: it is not. */
size_t ot_file_temporary_of(const char *entry);

/* Removes temporary files of dead processes beside path. The caller holds the lock. */
void ot_file_reap(const char *path);

/* ot_dir_make, without the descriptor. */
enum ot_status ot_file_make_dir(const char *path, struct ot_error *err);

#endif
