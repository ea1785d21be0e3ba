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

#endif
