/* What an installation changed, and what was there before, in a directory of ours: an
 * index for each stack, openssl.json, and beside it what was there as it was, a file as a
 * file and a link as a link, openssl.1 and so on. They are written before the first
 * change, the index last, and removed after the last is taken back, the index first. It
 * is what makes an interrupted installation one that can be finished or taken back. */
#ifndef OT_CLI_INSTALL_MANIFEST_INTERNAL_H
#define OT_CLI_INSTALL_MANIFEST_INTERNAL_H

#include "install/file_state_internal.h"

struct ot_manifest_entry {
    char *path;
    struct ot_file_state before;
    unsigned image; /* the number of the file that holds before; 0: there is none yet */
    /* SHA-256 of each content that is or was about to be put there: what the file holds
     * otherwise is somebody else's. */
    char ours[2][OT_DIGEST_HEX_LEN + 1];
    size_t ours_count;
    char **dirs; /* made for it, the outermost first */
    size_t dir_count;
};

struct ot_manifest {
    bool is_finished; /* nothing is left to do of the installation */
    struct ot_manifest_entry *entries;
    size_t count;
    unsigned last_image; /* the highest number in use */
};

/* The directory, locked: one install or uninstall at a time. */
struct ot_manifest_dir {
    int fd;     /* -1: there is none */
    char *path; /* borrowed */
};

/* Opens and locks the directory at path; where there is none it is made, with its
 * parents, or, without create, *dir stays empty. OT_E_BUSY: another process holds it. */
enum ot_status ot_manifest_dir_open(struct ot_manifest_dir *dir, char *path, bool create,
                                    struct ot_error *err);
/* Also removes it, and the parents that were made for it, when no manifest is left. */
void ot_manifest_dir_close(struct ot_manifest_dir *dir);

/* *found: whether there is one. Readable without the lock, too. */
enum ot_status ot_manifest_load(struct ot_manifest *manifest, bool *found,
                                const char *dir, const char *stack, struct ot_error *err);
enum ot_status ot_manifest_save(struct ot_manifest *manifest, const char *dir,
                                const char *stack, struct ot_error *err);
enum ot_status ot_manifest_remove(struct ot_manifest *manifest, const char *dir,
                                  const char *stack, struct ot_error *err);
void ot_manifest_clear(struct ot_manifest *manifest);

/* What an index of version 1 says of a file. */
struct cJSON;
enum ot_status ot_manifest_before_1(struct ot_file_state *before,
                                    const struct cJSON *object, const char *path,
                                    struct ot_error *err);

struct ot_manifest_entry *ot_manifest_find(struct ot_manifest *manifest,
                                           const char *path);
/* An entry with nothing but the path. NULL: out of memory. */
struct ot_manifest_entry *ot_manifest_add(struct ot_manifest *manifest, const char *path);

bool ot_manifest_entry_is_ours(const struct ot_manifest_entry *entry, const char *hex);

#endif
