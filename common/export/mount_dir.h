/* A directory that is made to be mounted whole into a container, and that programs of
 * this machine are pointed at: for whatever way a runtime has of being told of
 * authorities, a file of that kind.
 *
 * Most of these ways replace what a program trusted before. So what is for them holds the
 * machine's own authorities as well, but for those that a source says no to: nobody loses
 * other trust by it. Each file is replaced whole, in a directory that keeps its inode, so
 * that whoever has it mounted sees the new ones. */
#ifndef OT_EXPORT_MOUNT_DIR_H
#define OT_EXPORT_MOUNT_DIR_H

#include <stdbool.h>

#include "base/error.h"
#include "export/format.h"

struct ot_anchors;

/* What is in it. */
#define OT_MOUNT_README "README"
#define OT_MOUNT_OURS "orgtrust.pem" /* the organization's anchors alone */
#define OT_MOUNT_BUNDLE                                                                  \
    "bundle.pem" /* with the machine's authorities, as what follows                      \
                  */
#define OT_MOUNT_HASHED "certs"
#define OT_MOUNT_STORE "trust.p12"

/* Where it is seen inside a container, wherever it lies outside; and the place outside
 * that `orgtrust install containers` gives it. */
#define OT_MOUNT_POINT "/var/lib/orgtrust/containers"

/* Adds the organization's anchors to empty ones, whose place is set, and then, by
 * ot_anchors_add_machine, the machine's where with_machine is set. */
typedef enum ot_status ot_mount_fill(struct ot_anchors *anchors, void *arg,
                                     struct ot_error *err);

/* What is done with one of the files, of this format, which is to hold these. */
typedef enum ot_status ot_mount_look(void *arg, const char *path,
                                     enum ot_export_format format,
                                     const struct ot_anchors *anchors,
                                     struct ot_error *err);

/* Calls look for one after the other, up to the first that is not OT_OK. */
enum ot_status ot_mount_dir_each(const char *dir, ot_mount_fill *fill, void *fill_arg,
                                 ot_mount_look *look, void *look_arg,
                                 struct ot_error *err);

/* Makes the directory where there is none; its parent must be there. What orgtrust did
 * not write in it is left as it is, and refused where one of these names is taken. The
 * caller holds a lock. */
enum ot_status ot_mount_dir_put(const char *path, ot_mount_fill *fill, void *arg,
                                bool *written, struct ot_error *err);

/* A variable by which a runtime is told. */
struct ot_mount_variable {
    const char *name;           /* NULL: the end */
    const char *file;           /* in the directory */
    bool replaces;              /* the file counts instead of other authorities */
    const char *before, *after; /* what its value has around the path; NULL: nothing */
};
extern const struct ot_mount_variable ot_mount_variables[];

/* Its value for a directory at dir. The caller frees it; NULL: out of memory. */
char *ot_mount_value(const struct ot_mount_variable *variable, const char *dir);

#endif
