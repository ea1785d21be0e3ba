/* Putting exports in their places. An export whose bytes are there already is not
 * written: its inode and times stay. All are world-readable; the directories above are
 * reached and checked as files/place.h says. The
 * caller holds the lock of the exports. */
#ifndef OT_EXPORT_FILES_H
#define OT_EXPORT_FILES_H

#include <stdbool.h>

#include "base/error.h"
#include "export/format.h"

/* Larger is none of ours: 16 times the largest export that was measured. */
#define OT_EXPORT_BYTES_MAX (1024u * 1024 * 1024)

/* Whether path holds exactly these bytes. What must not be replaced is an error: no
 * regular file, another's, or by its content not an export of ours in the format kept.
 * OT_FORMAT_COUNT: its content does not matter. */
enum ot_status ot_export_compare_file(bool *same, const char *path, const void *bytes,
                                      size_t len, enum ot_export_format kept,
                                      struct ot_error *err);
/* The same for a name in a directory that is held; path is for messages. */
enum ot_status ot_export_compare_at(bool *same, int dir, const char *name,
                                    const char *path, const void *bytes, size_t len,
                                    enum ot_export_format kept, struct ot_error *err);

/* One file, in place by rename. */
enum ot_status ot_export_put_file(const char *path, enum ot_export_format format,
                                  const struct ot_anchors *anchors, bool *written,
                                  struct ot_error *err);

/* A hashed directory for OpenSSL, made where there is none; its parent must be there.
 *
 * It is changed file by file and keeps its inode, so that it may be a mount point, be
 * seen in a container, or be open in a program. Each file is NAME_HASH.0 and holds all
 * anchors of that name's hash, which OpenSSL reads together: were they NAME_HASH.0 and
 * NAME_HASH.1, removing the first would need two steps, between which a reader that had
 * passed the first would miss the second. New files come first, what is no longer wanted
 * goes last. A directory that holds anything but exports of ours is refused. */
enum ot_status ot_export_put_dir(const char *path, const struct ot_anchors *anchors,
                                 bool *written, struct ot_error *err);
/* Whether that would find nothing to do: each file is there by its name, and no other of
 * such a name. What it would refuse is an error here, too. */
enum ot_status ot_export_compare_dir(bool *same, const char *path,
                                     const struct ot_anchors *anchors,
                                     struct ot_error *err);

#endif
