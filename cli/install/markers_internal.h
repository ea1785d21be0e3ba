/* Our lines in somebody else's text file, between two marker lines. What was before and
 * behind them stays to the byte: strip(append(text)) and strip(prepend(text)) are text.
 */
#ifndef OT_CLI_INSTALL_MARKERS_INTERNAL_H
#define OT_CLI_INSTALL_MARKERS_INTERNAL_H

#include <stdbool.h>

#include "install/file_state_internal.h"

/* *to becomes text with the lines in body (each ended by a newline) at its end, or at its
 * beginning; text must hold none of ours. */
enum ot_status ot_markers_append(struct ot_file_state *to,
                                 const struct ot_file_state *text, const char *body,
                                 struct ot_error *err);
enum ot_status ot_markers_prepend(struct ot_file_state *to,
                                  const struct ot_file_state *text, const char *body,
                                  struct ot_error *err);

/* *to becomes text without our lines; *found says whether there were any. OT_E_CONFIG:
 * the begin is there and the end is not. As a stack's strip; path is not looked at. */
enum ot_status ot_markers_strip(struct ot_file_state *to, const char *path,
                                const struct ot_file_state *text, bool *found,
                                struct ot_error *err);
/* The same of the lines at the beginning whose first begins with line, of 63 characters
 * at most: several stacks may have theirs in one text. */
enum ot_status ot_markers_strip_line(struct ot_file_state *to, const char *line,
                                     const struct ot_file_state *text, bool *found,
                                     struct ot_error *err);

/* The lines of orgtrust setup, which may stand beside those of an installation: at
 * offset, which is the beginning of a line of text or its end; text must hold none of
 * them. Taken out as above; and where they are, in text with them, or false. */
enum ot_status ot_markers_insert_setup(struct ot_file_state *to,
                                       const struct ot_file_state *text, size_t offset,
                                       const char *body, struct ot_error *err);
enum ot_status ot_markers_strip_setup(struct ot_file_state *to, const char *path,
                                      const struct ot_file_state *text, bool *found,
                                      struct ot_error *err);
bool ot_markers_find_setup(const struct ot_file_state *text, size_t *offset, size_t *len);

#endif
