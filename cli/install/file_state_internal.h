/* What is at a path (nothing, a file, a symbolic link), and putting something else there
 * in one step. */
#ifndef OT_CLI_INSTALL_FILE_STATE_INTERNAL_H
#define OT_CLI_INSTALL_FILE_STATE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include "base/error.h"

/* A file to be edited is a page of settings; more is a mistake. */
#define OT_EDITED_BYTES_MAX (1024u * 1024)

enum ot_file_kind { OT_FILE_ABSENT, OT_FILE_REGULAR, OT_FILE_LINK };
extern const char *const ot_file_kind_words[]; /* "absent", "file", "link" */

struct ot_file_state {
    enum ot_file_kind kind;
    char *data; /* content, or where the link points; a NUL behind it is not counted */
    size_t len;
    struct timespec mtime; /* tv_nsec UTIME_OMIT: whatever the clock says */
    mode_t new_mode;       /* of a file where none was; 0: 0644 */
};

void ot_file_state_clear(struct ot_file_state *state);
/* Kind and data; times may differ. */
bool ot_file_state_equal(const struct ot_file_state *a, const struct ot_file_state *b);
/* A regular file with this content; takes data over (malloc'd), also on failure. */
void ot_file_state_set(struct ot_file_state *state, char *data, size_t len);
enum ot_status ot_file_state_copy(struct ot_file_state *to,
                                  const struct ot_file_state *from, struct ot_error *err);

#define OT_DIGEST_HEX_LEN 64
/* The content's digest, of 64 hexadecimal digits; also tells a link from a file. */
enum ot_status ot_file_state_digest(char hex[OT_DIGEST_HEX_LEN + 1],
                                    const struct ot_file_state *state,
                                    struct ot_error *err);

/* What is at path, the last component not followed. Something else than a file or a link,
 * a file of more than max bytes, and one that has other names (links to its inode), is
 * OT_E_UNSAFE. */
enum ot_status ot_file_state_read(struct ot_file_state *state, const char *path,
                                  size_t max, struct ot_error *err);

/* Puts wanted at path, in one step, durable on return. A file that is there keeps owner,
 * mode and extended attributes; a new one has new_mode. A link is made only where
 * nothing is. The directory must exist. */
enum ot_status ot_file_state_put(const struct ot_file_state *wanted, const char *path,
                                 struct ot_error *err);

/* The directory that holds path; the caller frees it. NULL: out of memory. */
char *ot_path_parent(const char *path);

#endif
