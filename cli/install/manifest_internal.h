/* What an installation changed, and what was there before: one file a stack in a
 * directory of ours, written before the first change and removed after the last is taken
 * back. It is what makes an interrupted installation one that can be finished or taken
 * back. */
#ifndef OT_CLI_INSTALL_MANIFEST_INTERNAL_H
#define OT_CLI_INSTALL_MANIFEST_INTERNAL_H

#include "install/file_state_internal.h"

#define OT_DIGEST_HEX_LEN 64

struct ot_manifest_entry {
    char *path;
    struct ot_file_state before;
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
enum ot_status ot_manifest_save(const struct ot_manifest *manifest, const char *dir,
                                const char *stack, struct ot_error *err);
enum ot_status ot_manifest_remove(const char *dir, const char *stack,
                                  struct ot_error *err);
void ot_manifest_clear(struct ot_manifest *manifest);

struct ot_manifest_entry *ot_manifest_find(struct ot_manifest *manifest,
                                           const char *path);
/* An entry with nothing but the path. NULL: out of memory. */
struct ot_manifest_entry *ot_manifest_add(struct ot_manifest *manifest, const char *path);

/* The content's digest, of 64 hexadecimal digits; also tells a link from a file. */
enum ot_status ot_file_state_digest(char hex[OT_DIGEST_HEX_LEN + 1],
                                    const struct ot_file_state *state,
                                    struct ot_error *err);
bool ot_manifest_entry_is_ours(const struct ot_manifest_entry *entry, const char *hex);

#endif
