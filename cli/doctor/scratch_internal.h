/* A scratch source: a configuration and a snapshot of its own in a private directory, in
 * which an authority is active or not, limited, or distrusted by another source, and the
 * environment that makes a program see this source in place of the machine's. */
#ifndef OT_CLI_DOCTOR_SCRATCH_INTERNAL_H
#define OT_CLI_DOCTOR_SCRATCH_INTERNAL_H

#include "base/error.h"

struct ot_authority;

#define OT_SCRATCH_DIR_MAX 256
#define OT_SCRATCH_PATH_MAX (OT_SCRATCH_DIR_MAX + 64)
#define OT_SCRATCH_VARIABLES_MAX 24

struct ot_scratch {
    char dir[OT_SCRATCH_DIR_MAX]; /* "": none */
    char snapshot[OT_SCRATCH_PATH_MAX];
    char *environment[OT_SCRATCH_VARIABLES_MAX + 1];
    char *scope;
};

/* Below TMPDIR, or /tmp. ot_scratch_close after success and failure. */
enum ot_status ot_scratch_open(struct ot_scratch *scratch, struct ot_error *err);

/* What the scratch source says of the root of an authority; its bystander is active
 * throughout. */
enum ot_scene {
    OT_SCENE_INACTIVE,
    OT_SCENE_ACTIVE,
    OT_SCENE_OTHER_NAME, /* active, limited to another name, and the server's address */
    OT_SCENE_ITS_NAMES,  /* active, limited to the server's name and address */
    OT_SCENE_NO_ADDRESS, /* active, limited to the server's name alone */
    OT_SCENE_DISTRUSTED  /* active, and distrusted by a second source */
};

/* Replaces configuration and snapshots, as an administrator and syncs would. */
enum ot_status ot_scratch_set(const struct ot_scratch *scratch,
                              const struct ot_authority *authority, enum ot_scene scene,
                              struct ot_error *err);

/* A file in it, by name into path (OT_SCRATCH_PATH_MAX bytes). */
void ot_scratch_path(char *path, const struct ot_scratch *scratch, const char *name);

/* Removes it with all that programs have left there. */
void ot_scratch_close(struct ot_scratch *scratch);

#endif
